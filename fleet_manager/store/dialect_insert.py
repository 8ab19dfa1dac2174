"""INSERTs in the words of the database at hand: one that may meet a row which is there already, one for many rows."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Dialect, Engine, Table


def insert_into(con: Connection | Engine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, alike on both databases."""
    if con.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_rows(con: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """New rows, all with the same columns, of texts and numbers: handed to the driver as they are.

    The statement is SQLAlchemy's, but it binds each row anew, which costs an ingest a fifth of its time.
    """
    if rows:
        statement, places = _insert(con.dialect, table, tuple(rows[0]))
        con.exec_driver_sql(statement, rows if places is None else [places(row) for row in rows])


@lru_cache(maxsize=64)
def _insert(
    dialect: Dialect, table: Table, columns: tuple[str, ...]
) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]] | None]:
    """The statement, and what puts a row into the order of its places; None where the places have names."""
    compiled = insert(table).compile(dialect=dialect, column_keys=columns)
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else None
