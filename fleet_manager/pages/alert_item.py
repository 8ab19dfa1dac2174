"""One alert in a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from edge_contracts.alert import EvidenceKind
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.pages.wording import headline, moment_of, score_text

if TYPE_CHECKING:
    from datetime import datetime

    from edge_contracts.alert import Evidence
    from fleet_manager.desk.inbox import AlertLine

STATE_NAMES: Final = {
    AlertState.NEW: "new",
    AlertState.ACKNOWLEDGED: "acknowledged",
    AlertState.CONFIRMED_DEFECT: "confirmed defect",
    AlertState.FALSE_ALARM: "false alarm",
    AlertState.CLOSED: "closed",
}


@dataclass(frozen=True, slots=True)
class StateView:
    """A state of an alert's life: its word, and its name for people."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class AlertItem:
    """One row.

    device: `site/device`. picture: the address of its picture, None where it has none.
    expected: the state that a button of the row expects.
    """

    id: int
    href: str
    headline: str
    severity: str
    device: str
    point: str
    part: str
    score: str
    count: int
    time: datetime
    picture: str | None
    state: StateView
    may_acknowledge: bool


def alert_item(line: AlertLine, *, may_acknowledge: bool) -> AlertItem:
    """The row of an alert; `may_acknowledge` says whether the viewer may act at its site."""
    picture = next((one for one in line.evidence if one.kind is not EvidenceKind.SOUND), None)
    return AlertItem(
        line.id,
        f"/alerts/{line.id}",
        headline(line.cause.value, line.label),
        line.severity.value,
        line.address.partition("/")[2],
        line.point,
        line.part,
        score_text(line.score),
        line.count,
        moment_of(line.time_ms),
        None if picture is None else evidence_href(line.site, picture),
        state_view(line.state),
        may_acknowledge and line.state is AlertState.NEW,
    )


def state_view(state: AlertState) -> StateView:
    """A state for people."""
    return StateView(state.value, STATE_NAMES[state])


def evidence_href(site: str, piece: Evidence) -> str:
    """Where the interface serves a piece of evidence; the site spares a search through all that somebody may see."""
    return f"/v1/evidence/{piece.sha256}?site={quote(site, safe='')}"
