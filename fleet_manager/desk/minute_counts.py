"""The minutes that stations told, counted into quarters of an hour: each once, whoever is killed between.

A minute is a row that the ingest stored in the transaction that gave it its place. Who counts it deletes it in the
transaction that holds the count; of several managers one deletes it, and the others find nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from edge_contracts.message import ClockTrust
from fleet_manager.desk.minute_place import ToldMinute, placed
from fleet_manager.desk.production import Place, add_produced
from fleet_manager.desk.row_by_row import take_rows
from fleet_manager.desk.running_counts import Counts
from fleet_manager.store.database import writing
from fleet_manager.store.tables import boot_clocks, minutes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine, Row

    from fleet_manager.desk.running_counts import Produced

STEP: Final = 500
"""Rows of one step: some ten milliseconds in which SQLite takes no other write."""
Zeros = dict[tuple[str, str], int]
"""When boards were started, milliseconds since 1970-01-01 UTC by the manager's clock; by address and boot."""


def count_minutes(engine: Engine, leave: Callable[[str, Exception], object], step: int = STEP) -> int:
    """Count the oldest minutes that wait; how many were found, 0 where there were none.

    Args:
        engine: the database.
        leave: is told of a minute that cannot be counted; it goes with the others.
        step: rows at most.

    Raises:
        StoreUnavailable: the database takes nothing just now; nothing was counted.
    """
    with engine.connect() as con:
        waiting = con.execute(select(minutes.c.id).order_by(minutes.c.id).limit(step)).scalars().all()
    if not waiting:
        return 0
    with writing(engine) as con:
        rows = con.execute(delete(minutes).where(minutes.c.id.in_(waiting)).returning(minutes)).all()
        zeros = _zeros(con, rows)
        take_rows(con, rows, partial(_count, con, zeros), lambda row, err: leave(_named(row), err))
    return len(waiting)


def _count(con: Connection, zeros: Zeros, rows: Sequence[Row[Any]]) -> None:
    add_produced(con, [(Place(row.address, row.point, row.model), _placed(row, zeros)) for row in rows])


def _named(row: Row[Any]) -> str:
    return f"a minute of {row.address}, point {row.point}"


def _zeros(con: Connection, rows: Sequence[Row[Any]]) -> Zeros:
    query = select(boot_clocks).where(boot_clocks.c.address.in_({row.address for row in rows}))
    return {(address, boot): zero_ms for address, boot, zero_ms in con.execute(query)}


def _placed(row: Row[Any], zeros: Zeros) -> Produced:
    told = ToldMinute(
        Counts(row.good, row.defect, row.unknown),
        ClockTrust(row.clk),
        row.time_ms,
        row.mono_ms,
        row.from_mono,
        row.until_mono,
        row.stored_ms,
    )
    return placed(told, zeros.get((row.address, row.boot)))
