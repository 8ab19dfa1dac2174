"""Calls that ended long ago leave the store: rules may call each minute, and a row holds its receiver's secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select

from fleet_manager.desk.tables import deliveries
from fleet_manager.store.database import writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEPT_MS: Final = 90 * 86_400_000
"""How long the list of calls says how one ended."""
STEP: Final = 100
"""Calls of one step: the oldest, because a call ends within days of being made."""


def forget_calls(engine: Engine, now_ms: int, step: int = STEP) -> int:
    """Remove what ended more than `KEPT_MS` ago of the oldest calls; how many. A call on its way is never removed.

    Args:
        engine: the database.
        now_ms: milliseconds since 1970-01-01 UTC.
        step: calls at most.

    Raises:
        StoreUnavailable: the database takes nothing just now.
    """
    oldest = select(deliveries.c.id, deliveries.c.ended_ms).order_by(deliveries.c.id).limit(step)
    with engine.connect() as con:
        old = [row.id for row in con.execute(oldest) if row.ended_ms is not None and row.ended_ms < now_ms - KEPT_MS]
    if old:
        with writing(engine) as con:
            con.execute(delete(deliveries).where(deliveries.c.id.in_(old)))
    return len(old)
