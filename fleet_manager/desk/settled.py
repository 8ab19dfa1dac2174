"""Up to which id no alert can appear any more, so that a reader may move past it and miss none.

PostgreSQL gives ids before transactions end: an ingest process may commit number 105 before another one commits 101.
A reader that goes on from 105 would never see 101. SQLite has one writer, and its ids appear in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text

from edge_contracts.errors import LeptonError
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_LOOKS: Final = 20
_LOOK_S: Final = 0.05
_WRITERS: Final = text(
    "SELECT virtualtransaction, pid FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND relation = to_regclass('alerts')"
)
"""Who writes alerts: the lock is taken before the first id, kept to the end, and seen by everybody."""


class Unsettled(LeptonError, TimeoutError):
    """Somebody writes alerts and does not end; nothing is lost, and everything behind it waits."""


def settled_id(con: Connection, wait: Callable[[float], object]) -> int:
    """The highest id below which nothing can appear.

    A transaction with a lower id wrote alerts before that id was visible. When all that wrote then have ended, each
    lower id is either visible or will never be. What other tables or databases are written for is of no concern.

    Args:
        con: a connection that reads and has read nothing yet.
        wait: waits for so many seconds.

    Raises:
        Unsettled: transactions took too long to end: ask again later.
    """
    highest = int(con.execute(select(func.max(alerts.c.id))).scalar() or 0)
    if con.dialect.name != "postgresql":
        return highest
    before = writers = _writers(con)
    for _ in range(_LOOKS):
        if not before.keys() & writers.keys():
            return highest
        wait(_LOOK_S)
        writers = _writers(con)
    pids = ", ".join(str(before[one]) for one in sorted(before.keys() & writers.keys()))
    raise Unsettled(
        f"wanted every transaction that writes alerts to end, found that of PostgreSQL's process {pids} open: "
        "end it, or SELECT pg_terminate_backend(PID)"
    )


def _writers(con: Connection) -> dict[str, int | None]:
    """Transactions, and their processes; a prepared one has none."""
    return {str(row.virtualtransaction): row.pid for row in con.execute(_WRITERS)}
