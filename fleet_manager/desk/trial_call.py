"""A call that tells of no alert, by the way that a rule's calls go: whoever made the rule sees whether it arrives."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from fleet_manager.desk.deliveries import put_call

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fleet_manager.desk.escalation_rule import EscalationRule

TRIAL_TYPE: Final = "lepton.trial.v1"


def put_trial(con: Connection, rule: EscalationRule, now_ms: int) -> None:
    """Put it into the queue; it counts as no call of the rule."""
    at = datetime.fromtimestamp(now_ms / 1000, timezone.utc).isoformat(timespec="milliseconds")
    data = {
        "rule": rule.name,
        "alerts": 0,
        "severity": rule.severity.value,
        "waited_s": rule.after_s,
        "first": [],
    }
    body = json.dumps({"type": TRIAL_TYPE, "timestamp": at, "data": data}, ensure_ascii=False)
    put_call(con, rule, body, now_ms)
