"""One alert with its evidence, its history and what may be done to it now. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from edge_contracts.alert import EvidenceKind
from fleet_manager.desk.life_cycle import JUDGED, TRANSITIONS, AlertState
from fleet_manager.pages.alert_item import STATE_NAMES, StateView, evidence_href, state_view
from fleet_manager.pages.overview import device_href
from fleet_manager.pages.wording import headline, moment_of
from fleet_manager.store.stored_alert import stored_alert

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from edge_contracts.alert import Alert, Evidence
    from fleet_manager.desk.handling import AlertFile, HistoryEntry
    from fleet_manager.desk.inbox import AlertLine

_PIECES: Final = {
    EvidenceKind.IMAGE: "picture",
    EvidenceKind.HEAT_MAP: "heat map",
    EvidenceKind.BOXES: "boxes",
    EvidenceKind.SOUND: "sound",
}
SHOWN_PIECES: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """A state that may follow: its word, the button's words, and the key that presses it."""

    key: str
    name: str
    shortcut: str


_STEPS: Final = {
    AlertState.ACKNOWLEDGED: Step("acknowledged", "Acknowledge", "a"),
    AlertState.CONFIRMED_DEFECT: Step("confirmed-defect", "Confirm defect", "d"),
    AlertState.FALSE_ALARM: Step("false-alarm", "False alarm", "f"),
    AlertState.CLOSED: Step("closed", "Close", "x"),
}
_REOPEN: Final = Step("acknowledged", "Open again", "a")


@dataclass(frozen=True, slots=True)
class PieceView:
    """A picture or sound; `missing` says why it is not here, empty where it is."""

    name: str
    href: str
    missing: str
    is_sound: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what stands beside it."""

    name: str
    text: str
    href: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class HistoryView:
    """What somebody did, and said to it."""

    who: str
    did: str
    time: datetime
    said: str
    kind: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What the viewer may do at the alert's site."""

    acknowledge: bool
    judge: bool
    comment: bool


@dataclass(frozen=True, slots=True)
class AlertPage:
    """The page.

    steps: what may be done now; empty for who may do nothing, then `denied` says it.
    asks_label: whether a step is a judgement, which is kept as a label for training; `kept` says which one is.
    """

    id: int
    href: str
    headline: str
    severity: str
    state: StateView
    time: datetime
    device: str
    device_href: str
    point: str
    part: str
    reason: str
    pieces: tuple[PieceView, ...]
    facts: tuple[Fact, ...]
    history: tuple[HistoryView, ...]
    steps: tuple[Step, ...]
    denied: str
    asks_label: bool
    label: str
    kept: str
    may_comment: bool


def alert_page(
    file: AlertFile, here: Collection[str] | None, rights: Rights, kept: str | None, *, uploads: bool = True
) -> AlertPage:
    """The page of an alert.

    Args:
        file: all that is known of it.
        here: digests of the evidence that has come; None where nobody can say.
        rights: of the viewer.
        kept: the label that a judgement left for training, None where there is none.
        uploads: whether the station brings its evidence, as far as it has said.
    """
    line, data = file.line, stored_alert(file.body)
    steps = tuple(_steps(line.state, rights))
    return AlertPage(
        line.id,
        f"/alerts/{line.id}",
        headline(line.cause.value, line.label),
        line.severity.value,
        state_view(line.state),
        moment_of(line.time_ms),
        line.address.partition("/")[2],
        device_href(line.address),
        line.point,
        line.part,
        line.reason,
        tuple(_piece(line.site, one, here, uploads=uploads) for one in line.evidence[:SHOWN_PIECES]),
        tuple(_facts(line, data, json.loads(file.body))),
        (_arrived(line), *(_told(one) for one in file.history)),
        steps,
        "" if steps else "To act on alerts here you need the role operator at this site: ask an admin.",
        any(step.key in {state.value for state in JUDGED} for step in steps),
        "" if line.label is None else line.label,
        f"Kept for training: {kept}." if kept else "",
        rights.comment,
    )


def _steps(state: AlertState, rights: Rights) -> list[Step]:
    follow = TRANSITIONS[state]
    return [
        _REOPEN if state is AlertState.CLOSED else step
        for after, step in _STEPS.items()
        if after in follow and (rights.judge if after in JUDGED else rights.acknowledge)
    ]


def _piece(site: str, one: Evidence, here: Collection[str] | None, *, uploads: bool) -> PieceView:
    name = _PIECES[one.kind]
    if here is None:
        missing = f"The {name} cannot be reached: what keeps the pictures does not answer. Try again in a moment."
    elif one.sha256 in here:
        missing = ""
    elif uploads:
        missing = f"The {name} is on its way: a board sends it after the alert."
    else:
        missing = f"The {name} is on the board alone, which sends none: [upload] in its station.toml names where to."
    return PieceView(name, evidence_href(site, one), missing, one.kind is EvidenceKind.SOUND)


def _facts(line: AlertLine, data: Alert, event: dict[str, object]) -> list[Fact]:
    facts = [
        Fact("site", line.site, f"/alerts?site={quote(line.site, safe='')}"),
        Fact("point", line.point),
        Fact("part", line.part),
        Fact("verdict", f"{line.outcome.value}, {line.cause.value}"),
    ]
    if data.score is not None:
        limit = "" if data.threshold is None else f", limit {data.threshold:.4g}"
        facts.append(Fact("score", f"{data.score:.4g}{limit}"))
    facts += _explained(data)
    if line.count > 1:
        facts.append(Fact("stands for", f"{line.count:,} inspections"))
    facts.append(Fact("decided in", f"{data.latency_ms:.0f} ms"))
    if line.model:
        facts.append(Fact("model", line.model[:16], is_code=True))
    late_ms = line.stored_ms - line.time_ms
    facts.append(Fact("stored", _delay(late_ms, str(event.get("clk", "none")))))
    facts.append(Fact("place", f"{event.get('epoch')} / {event.get('seq')}", is_code=True))
    return facts


def _explained(data: Alert) -> list[Fact]:
    """What the board compared the part with."""
    found = [Fact(f"most alike, {one.kind}", f"{one.part}, distance {one.distance:.3g}") for one in data.alike]
    return found if data.lessons is None else [*found, Fact("lessons of the board", f"revision {data.lessons}")]


def _delay(late_ms: int, clock: str) -> str:
    """How long after the verdict, as far as the station's clock can be believed."""
    if clock == "none":
        return "the station's clock was not set"
    return f"{late_ms} ms after the verdict" if late_ms < 10_000 else f"{late_ms / 1000:.0f} s after the verdict"  # noqa: PLR2004


def _arrived(line: AlertLine) -> HistoryView:
    return HistoryView(line.address.rpartition("/")[2], "told", moment_of(line.stored_ms), "", "station")


def _told(one: HistoryEntry) -> HistoryView:
    did = "commented" if one.after is None else f"set it to {STATE_NAMES[one.after]}"
    return HistoryView(one.who, did, moment_of(one.at_ms), one.text, "comment" if one.after is None else "change")
