"""Alerts counted per quarter of an hour, kept as they come, so that a Pareto of a month reads no alert."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet_manager.desk.bounded_sum import added, bounded
from fleet_manager.desk.running_counts import QUARTER_MS
from fleet_manager.desk.tables import alert_quarters
from fleet_manager.store.dialect_insert import insert_into

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fleet_manager.desk.followed_alert import FollowedAlert

_Key = tuple[int, str, str, str, str, str, str, str]


class AlertCounter:
    """Counts alerts by when they happened, where, and what they say."""

    name = "alert-quarters"

    def take(self, con: Connection, found: Sequence[FollowedAlert]) -> None:
        """Add these alerts."""
        number: Counter[_Key] = Counter()
        parts: Counter[_Key] = Counter()
        for alert in found:
            number[_key(alert)] += 1
            parts[_key(alert)] += alert.parts
        names = ("quarter_ms", "address", "point", "outcome", "cause", "label", "model", "site")
        rows = [
            {**dict(zip(names, key, strict=True)), "alerts": number[key], "parts": bounded(parts[key])}
            for key in number
        ]
        row = insert_into(con, alert_quarters)
        more = {name: added(alert_quarters.c[name], row.excluded[name]) for name in ("alerts", "parts")}
        index = alert_quarters.primary_key.columns.keys()
        con.execute(row.on_conflict_do_update(index_elements=index, set_=more), rows)


def _key(alert: FollowedAlert) -> _Key:
    quarter_ms = alert.happened_ms // QUARTER_MS * QUARTER_MS
    what = (alert.outcome, alert.cause, alert.label, alert.model)
    return (quarter_ms, alert.address, alert.point, *what, alert.site)
