"""Up to which id no alert can appear any more, so that a reader may move past it and miss none.

PostgreSQL gives ids before transactions end: an ingest process may commit number 105 before another one commits 101.
A reader that goes on from 105 would never see 101. SQLite has one writer, and its ids appear in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_LOOKS: Final = 20
_LOOK_S: Final = 0.05
_RUNNING: Final = text(
    "SELECT pg_snapshot_xmin(now)::text::bigint AS oldest, pg_snapshot_xmax(now)::text::bigint AS next "
    "FROM pg_current_snapshot() AS now"
)
"""The oldest transaction that still runs, and the next one that will begin."""


def settled_id(con: Connection, wait: Callable[[float], object]) -> int:
    """The highest id below which nothing can appear; 0 where transactions took too long to end: ask again later.

    Every transaction with a lower id has begun before that id is visible. When all that ran then have ended, each
    lower id is either visible or will never be.

    Args:
        con: a connection that reads and has read nothing yet.
        wait: waits for so many seconds.
    """
    highest = int(con.execute(select(func.max(alerts.c.id))).scalar() or 0)
    if con.dialect.name != "postgresql":
        return highest
    until = con.execute(_RUNNING).one().next
    for _ in range(_LOOKS):
        if con.execute(_RUNNING).one().oldest >= until:
            return highest
        wait(_LOOK_S)
    return 0
