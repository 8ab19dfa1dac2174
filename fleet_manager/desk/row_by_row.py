"""Taking rows in so that one which cannot be taken stops no other: all at once, and one by one where that breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

One = TypeVar("One")


def take_rows(
    con: Connection,
    rows: Sequence[One],
    take: Callable[[Sequence[One]], object],
    leave: Callable[[One, Exception], object],
) -> None:
    """Take all of them, or each by itself; a row that cannot be taken leaves nothing behind.

    Args:
        con: a connection that writes.
        rows: what is to be taken.
        take: writes what some of them change.
        leave: is told of each that is left out, and why.

    Raises:
        OSError, OperationalError: the database takes nothing just now, so no row is to blame.
    """
    if _breaks(con, rows, take) is None:
        return
    for row in rows:
        if (why := _breaks(con, [row], take)) is not None:
            leave(row, why)


def _breaks(con: Connection, rows: Sequence[One], take: Callable[[Sequence[One]], object]) -> Exception | None:
    try:
        with con.begin_nested():
            take(rows)
    except (OSError, OperationalError):
        raise
    except Exception as err:
        if isinstance(err, DBAPIError) and err.connection_invalidated:
            raise
        return err
    return None
