"""Looking at alerts that nobody has looked at: each rule goes along them once, and puts its calls into the queue.

How far a rule has come moves in the transaction that holds its call, from where it was found: a killed manager forgets
no call, and of two managers one makes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import update

from edge_contracts.alert import Severity
from fleet_manager.desk.case import GRAVITY
from fleet_manager.desk.deliveries import put_call
from fleet_manager.desk.escalation_rules import kept_rules
from fleet_manager.desk.followed_alert import followed_alert, followed_columns
from fleet_manager.desk.settled import settled_id
from fleet_manager.desk.tables import alert_states, escalation_rules
from fleet_manager.store.database import writing
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from fleet_manager.desk.escalation_rule import EscalationRule
    from fleet_manager.desk.escalation_rules import KeptRule
    from fleet_manager.desk.followed_alert import FollowedAlert

CALL_TYPE: Final = "lepton.escalation.v1"
MOST_NAMED: Final = 10
"""Alerts that a call names; of the others it gives the number."""
_STEP: Final = 1000
_KEPT_EVERY: Final = 1000
"""A look that called nobody is kept after so many alerts: until then it is quicker to look again than to write."""
_MOST_STEPS: Final = 200
"""Steps of one look; the next look goes on."""


@dataclass(slots=True)
class _Look:
    """What a rule found: how far it came, and what is to be told."""

    came_to: int
    alerts: int = 0
    worst: Severity = Severity.INFO
    named: list[FollowedAlert] = field(default_factory=list)

    def add(self, alert: FollowedAlert) -> None:
        self.alerts += 1
        self.worst = max(self.worst, alert.severity, key=GRAVITY.__getitem__)
        if len(self.named) < MOST_NAMED:
            self.named.append(alert)


def escalate(
    engine: Engine, now_ms: int, wait: Callable[[float], object], url_of: Callable[[int], str] | None = None
) -> int:
    """Let each rule look once; how many calls are in the queue now that were not.

    Args:
        engine: the database.
        now_ms: milliseconds since 1970-01-01 UTC.
        wait: waits for so many seconds.
        url_of: the page of an alert, by its number; None where the manager has no address.

    Raises:
        Unsettled: somebody writes alerts and does not end.
        StoreUnavailable: the database takes nothing just now; the next look does it again.
    """
    with engine.connect() as con:
        last = settled_id(con, wait)
        rules = kept_rules(con)
        looks = [(kept, _look(con, kept, last, now_ms)) for kept in rules if _is_awake(kept, last, now_ms)]
    return sum(_keep(engine, kept, look, now_ms, url_of) for kept, look in looks)


def _is_awake(kept: KeptRule, last: int, now_ms: int) -> bool:
    return last > kept.alert_id and kept.rule.may_call(kept.called_ms, now_ms)


def _look(con: Connection, kept: KeptRule, last: int, now_ms: int) -> _Look:
    rule, look = kept.rule, _Look(kept.alert_id)
    for _ in range(_MOST_STEPS):
        query = _still_told().where(alerts.c.id > look.came_to, alerts.c.id <= last).order_by(alerts.c.id).limit(_STEP)
        rows = con.execute(query).all()
        for row in rows:
            alert = followed_alert(row)
            if not rule.is_ripe(alert, now_ms):
                return look
            look.came_to = alert.id
            if row.state is None and rule.concerns(alert):
                look.add(alert)
        if len(rows) < _STEP:
            break
    return look


def _still_told() -> Any:
    of_alert = alert_states.c.alert_id == alerts.c.id
    return followed_columns().add_columns(alert_states.c.state).select_from(alerts.outerjoin(alert_states, of_alert))


def _keep(engine: Engine, kept: KeptRule, look: _Look, now_ms: int, url_of: Callable[[int], str] | None) -> int:
    if not look.alerts and look.came_to < kept.alert_id + _KEPT_EVERY:
        return 0
    row = escalation_rules
    moved = {"alert_id": look.came_to} | ({"called_ms": now_ms} if look.alerts else {})
    found = (row.c.name == kept.rule.name, row.c.alert_id == kept.alert_id)
    with writing(engine) as con:
        if con.execute(update(row).where(*found).values(**moved)).rowcount != 1 or not look.alerts:
            return 0
        put_call(con, kept.rule, _body(kept.rule, look, now_ms, url_of), now_ms)
    return 1


def _body(rule: EscalationRule, look: _Look, now_ms: int, url_of: Callable[[int], str] | None) -> str:
    data = {
        "rule": rule.name,
        "alerts": look.alerts,
        "severity": look.worst.value,
        "waited_s": rule.after_s,
        "first": [_told(alert, url_of) for alert in look.named],
    }
    return json.dumps({"type": CALL_TYPE, "timestamp": _text(now_ms), "data": data}, ensure_ascii=False)


def _told(alert: FollowedAlert, url_of: Callable[[int], str] | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": alert.id,
        "address": alert.address,
        "point": alert.point,
        "part": alert.part,
        "outcome": alert.outcome,
        "cause": alert.cause,
        "label": alert.label or None,
        "severity": alert.severity.value,
        "stored": _text(alert.stored_ms),
    }
    return told | ({"url": url_of(alert.id)} if url_of else {})


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, timezone.utc).isoformat(timespec="milliseconds")
