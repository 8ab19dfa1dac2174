"""A spool of version 1 kept the rows of all classes in one table; this gives it the tables of version 2.

The rows move a few at a time, each time in one transaction: the space that some leave is there for the next, and a
crash in between loses none. What is left to move stands in the table `rows_1`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_runtime.outbox.spool_tables import COLUMNS, TABLE_OF, create_rows

if TYPE_CHECKING:
    import sqlite3

_LOG = logging.getLogger(__name__)
LEFT_TO_MOVE: Final = "rows_1"


def begin_upgrade(con: sqlite3.Connection) -> None:
    """Turn version 1 into version 2 with every row left to move."""
    con.execute("BEGIN IMMEDIATE")
    con.execute(f"ALTER TABLE rows RENAME TO {LEFT_TO_MOVE}")
    create_rows(con)
    con.execute("PRAGMA user_version = 2")
    con.execute("COMMIT")


def finish_upgrade(con: sqlite3.Connection, step_rows: int) -> None:
    """Move what is left, so many rows at a time."""
    last_of_step = f"SELECT max(seq) FROM (SELECT seq FROM {LEFT_TO_MOVE} ORDER BY seq LIMIT ?)"
    while (last := con.execute(last_of_step, (step_rows,)).fetchone()[0]) is not None:
        _move(con, last)
    con.execute(f"DROP TABLE {LEFT_TO_MOVE}")
    _LOG.info("the spool has a table for each class now")


def _move(con: sqlite3.Connection, through: int) -> None:
    con.execute("BEGIN IMMEDIATE")
    for row_class, table in TABLE_OF.items():
        moving = f"SELECT {COLUMNS} FROM {LEFT_TO_MOVE} WHERE seq <= ? AND class = ?"
        con.execute(f"INSERT INTO {table} {moving}", (through, row_class))
    con.execute(f"DELETE FROM {LEFT_TO_MOVE} WHERE seq <= ?", (through,))
    con.execute("COMMIT")
