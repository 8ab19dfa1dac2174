"""The INSERT that may meet a row which is there already, in the words of the database at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table


def insert_into(con: Connection | Engine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, alike on both databases."""
    if con.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
