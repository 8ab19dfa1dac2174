"""How far a device is with what is wanted of it. Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from edge_contracts.configuration import Phase

if TYPE_CHECKING:
    from edge_contracts.configuration import Reported
    from fleet_manager.configuration.revisions import KeptRevision


class Standing(str, Enum):
    """Desired against reported."""

    OWN_FILE = "own-file"
    ON_ITS_WAY = "on-its-way"
    PROVING = "proving"
    ACTIVE = "active"
    REFUSED = "refused"
    ROLLED_BACK = "rolled-back"
    DIFFERS = "differs"


MEANINGS = {
    Standing.OWN_FILE: "the station runs its own file; nothing else was wanted",
    Standing.ON_ITS_WAY: "the station has not said yet that it heard of it",
    Standing.PROVING: "the station tries it; it goes back by itself if it does not do what the one before did",
    Standing.ACTIVE: "the station runs it, and it is proven",
    Standing.REFUSED: "the station did not begin it; what ran before runs",
    Standing.ROLLED_BACK: "the station tried it and went back to what ran before",
    Standing.DIFFERS: "the station runs another one than is wanted; its errors say why",
}
_OF_PHASE = {
    Phase.PROVING: Standing.PROVING,
    Phase.REFUSED: Standing.REFUSED,
    Phase.ROLLED_BACK: Standing.ROLLED_BACK,
}


def standing(wanted: KeptRevision | None, said: Reported | None) -> Standing:
    """Where a device stands.

    Args:
        wanted: its latest revision here; None for none.
        said: what it said last; None for nothing.
    """
    if wanted is None:
        return Standing.OWN_FILE if said is None or said.revision == 0 else Standing.DIFFERS
    if said is None or said.heard is None or said.heard < wanted.revision:
        return Standing.ON_ITS_WAY
    if said.heard > wanted.revision:
        return Standing.DIFFERS
    if said.phase in _OF_PHASE:
        return _OF_PHASE[said.phase]
    return Standing.ACTIVE if (said.revision, said.hash) == (wanted.revision, wanted.hash) else Standing.DIFFERS
