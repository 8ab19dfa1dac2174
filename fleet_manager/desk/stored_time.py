"""From a time to the alerts that were stored then: ids grow with time, so a search by halves finds the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import Connection

CLOCK_SLACK_MS: Final = 600_000
"""How far the order of ids and of times may differ: several ingest processes, and a manager's clock that is set."""


def first_id_at(con: Connection, at_ms: int) -> int:
    """The lowest id that was stored at `at_ms` or later; one more than the highest where none was.

    Lowest and highest are asked one by one: SQLite looks each up, but reads every alert for both at once.
    """
    low = con.execute(select(func.min(alerts.c.id))).scalar()
    high = con.execute(select(func.max(alerts.c.id))).scalar()
    if low is None or high is None:
        return 1
    high += 1
    while low < high:
        middle = (low + high) // 2
        query = select(alerts.c.id, alerts.c.stored_ms).where(alerts.c.id >= middle).order_by(alerts.c.id).limit(1)
        found, stored_ms = con.execute(query).one()
        if stored_ms >= at_ms:
            high = middle
        else:
            low = found + 1
    return int(low)


def narrowed(
    con: Connection, since_ms: int | None, until_ms: int | None, below: int | None
) -> tuple[int, int | None] | None:
    """Ids from and below which alerts of a time may lie, `CLOCK_SLACK_MS` wider; None where there is no such id."""
    least = 0 if since_ms is None else first_id_at(con, since_ms - CLOCK_SLACK_MS)
    if until_ms is not None:
        end = first_id_at(con, until_ms + CLOCK_SLACK_MS)
        below = end if below is None else min(below, end)
    return None if below is not None and below <= least else (least, below)
