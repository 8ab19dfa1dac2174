"""Where the rows of a spool lie: a table for each class, and a view `rows` of all.

What is shed or acknowledged is the oldest of a class. In a table of its class it lies side by side and frees whole
pages; between rows that stay it would leave pages half empty, and the file would outgrow what its rows are charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_runtime.outbox.spool_policy import RowClass

if TYPE_CHECKING:
    import sqlite3

TABLE_OF: Final = {one: f"rows_{one.name.lower()}" for one in RowClass}
GAPS_TABLE: Final = TABLE_OF[RowClass.KEPT]
COLUMNS: Final = "seq, leaf, charge, mono_ms, body"


def create_rows(con: sqlite3.Connection) -> None:
    """Make the tables and their view, inside a transaction."""
    for table in TABLE_OF.values():
        con.execute(
            f"""CREATE TABLE {table} (
                seq INTEGER PRIMARY KEY,
                leaf TEXT NOT NULL,
                charge INTEGER NOT NULL,
                mono_ms INTEGER NOT NULL,
                body BLOB NOT NULL)"""
        )
    all_rows = " UNION ALL ".join(f"SELECT {COLUMNS} FROM {table}" for table in TABLE_OF.values())
    con.execute(f"CREATE VIEW rows AS {all_rows}")
