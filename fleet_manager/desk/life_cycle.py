"""The life of an alert: which states there are, and which change a person may make. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping


class AlertState(str, Enum):
    """What people have made of an alert."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED_DEFECT = "confirmed-defect"
    FALSE_ALARM = "false-alarm"
    CLOSED = "closed"


JUDGED: Final = frozenset({AlertState.CONFIRMED_DEFECT, AlertState.FALSE_ALARM})
"""States that say what the part truly was, and so are labels for training."""

TRANSITIONS: Final[Mapping[AlertState, frozenset[AlertState]]] = {
    AlertState.NEW: frozenset({AlertState.ACKNOWLEDGED, *JUDGED}),
    AlertState.ACKNOWLEDGED: frozenset({*JUDGED, AlertState.CLOSED}),
    AlertState.CONFIRMED_DEFECT: frozenset({AlertState.FALSE_ALARM, AlertState.CLOSED}),
    AlertState.FALSE_ALARM: frozenset({AlertState.CONFIRMED_DEFECT, AlertState.CLOSED}),
    AlertState.CLOSED: frozenset({AlertState.ACKNOWLEDGED}),
}
"""From each state, those that may follow. Nothing becomes new again: who has seen it has seen it."""


_ACTS: Final[Mapping[AlertState, str]] = {
    AlertState.ACKNOWLEDGED: "acknowledge",
    AlertState.CONFIRMED_DEFECT: "confirm defect",
    AlertState.FALSE_ALARM: "call false alarm",
    AlertState.CLOSED: "close",
}


def act_to(after: AlertState) -> str:
    """What somebody does who wants this state, in the words of the audit log; no act leads to `NEW`."""
    return _ACTS.get(after, "change state")


def check_change(before: AlertState, after: AlertState) -> None:
    """Let an allowed change pass.

    Raises:
        BadInputError: `after` may not follow `before`.
    """
    allowed = TRANSITIONS[before]
    if after not in allowed:
        names = " or ".join(one.value for one in AlertState if one in allowed)
        raise BadInputError(f"wanted {names} after {before.value}, found {after.value}: choose one of these")
