"""An alert as a reader sees it that follows all alerts in their order, and when it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, case, func, select

from edge_contracts.alert import Severity
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Select

OLDEST_BELIEVED_MS: Final = 60 * 86_400_000
"""A spool may hold alerts through a long outage; a clock that is further back was never set."""
AHEAD_BELIEVED_MS: Final = 120_000


@dataclass(frozen=True, slots=True)
class FollowedAlert:
    """One alert; an empty label or model means none.

    happened_ms: milliseconds since 1970-01-01 UTC, by the station's clock where it can be believed.
    parts: inspections that it stands for.
    """

    id: int
    site: str
    address: str
    point: str
    part: str
    outcome: str
    cause: str
    label: str
    severity: Severity
    model: str
    parts: int
    stored_ms: int
    happened_ms: int


def happened_ms() -> ColumnElement[int]:
    """When an alert happened: the station's clock, unless it is plainly wrong; then the time of storing."""
    late_ms = alerts.c.stored_ms - alerts.c.time_ms
    is_believed = and_(late_ms <= OLDEST_BELIEVED_MS, late_ms >= -AHEAD_BELIEVED_MS)
    return case((is_believed, alerts.c.time_ms), else_=alerts.c.stored_ms)


def followed_columns() -> Select[Any]:
    """What `followed_alert` reads; the caller adds its conditions."""
    one = alerts.c
    return select(
        one.id,
        one.site,
        one.address,
        one.point,
        one.part,
        one.outcome,
        one.cause,
        func.coalesce(one.label, "").label("label"),
        one.severity,
        func.coalesce(one.model, "").label("model"),
        one.count.label("parts"),
        one.stored_ms,
        happened_ms().label("happened_ms"),
    )


def followed_alert(row: Row[Any]) -> FollowedAlert:
    """A row of `followed_columns` as a value."""
    return FollowedAlert(
        id=row.id,
        site=row.site,
        address=row.address,
        point=row.point,
        part=row.part,
        outcome=row.outcome,
        cause=row.cause,
        label=row.label,
        severity=Severity(row.severity),
        model=row.model,
        parts=row.parts,
        stored_ms=row.stored_ms,
        happened_ms=row.happened_ms,
    )
