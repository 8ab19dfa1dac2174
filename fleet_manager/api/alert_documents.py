"""Alerts as they go over the wire."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from edge_contracts.alert import Evidence, Severity
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.api.wire_values import Document, moment
from fleet_manager.desk.life_cycle import AlertState

if TYPE_CHECKING:
    from fleet_manager.desk.handling import AlertFile, HistoryEntry
    from fleet_manager.desk.inbox import AlertLine


class AlertDocument(Document):
    """One alert: a part, what was decided, and what people have made of it.

    `time` is the station's clock, for people alone; `stored` is the manager's. `count` is how many
    inspections it stands for.
    """

    id: int
    address: str
    site: str
    event_id: str
    time: datetime
    stored: datetime
    point: str
    part: str
    outcome: Outcome
    cause: Cause
    reason: str
    severity: Severity
    label: str | None
    score: float | None
    model: str | None
    count: int
    evidence: tuple[Evidence, ...]
    state: AlertState
    changed_by: str | None
    changed_at: datetime | None


class AlertPage(Document):
    """Alerts, newest first.

    `next` is the next page's `before`, null where nothing older is left. `is_cut`: the search paused before the page
    was full; older alerts may match.
    """

    items: list[AlertDocument]
    next: int | None
    is_cut: bool


class HistoryDocument(Document):
    """One thing that a person did; a comment has neither `before` nor `after`."""

    who: str
    at: datetime
    before: AlertState | None
    after: AlertState | None
    text: str


class AlertFileDocument(Document):
    """One alert with its history, oldest first, and the message as it came."""

    alert: AlertDocument
    history: list[HistoryDocument]
    message: dict[str, Any]


def alert_document(line: AlertLine) -> AlertDocument:
    """An alert of the inbox, for the wire."""
    return AlertDocument(
        id=line.id,
        address=line.address,
        site=line.site,
        event_id=line.event_id,
        time=moment(line.time_ms),
        stored=moment(line.stored_ms),
        point=line.point,
        part=line.part,
        outcome=line.outcome,
        cause=line.cause,
        reason=line.reason,
        severity=line.severity,
        label=line.label,
        score=line.score,
        model=line.model,
        count=line.count,
        evidence=line.evidence,
        state=line.state,
        changed_by=line.who,
        changed_at=None if line.changed_ms is None else moment(line.changed_ms),
    )


def alert_file_document(file: AlertFile) -> AlertFileDocument:
    """An alert's file, for the wire."""
    history = [_history(one) for one in file.history]
    return AlertFileDocument(alert=alert_document(file.line), history=history, message=json.loads(file.body))


def _history(one: HistoryEntry) -> HistoryDocument:
    return HistoryDocument(who=one.who, at=moment(one.at_ms), before=one.before, after=one.after, text=one.text)
