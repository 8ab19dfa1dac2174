"""One manager per database: PostgreSQL holds the lock for as long as our connection lives.

A SQLite file is in the manager's folder, which has a lock of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from edge_contracts.errors import OutageError
from fleet_manager.store.database import StoreUnavailable, asking, name_of, open_database, remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

KEY: Final = int.from_bytes(b"lepton", "big")
"""Of the advisory lock; each database has its own."""
_FOUND_DEAD: Final = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")
"""Seconds, seconds, probes: by default a server believes for two hours in a machine that lost its power."""


@contextmanager
def locked_database(url: str) -> Iterator[None]:
    """Have a database alone until the block ends.

    Raises:
        BadInputError: the URL is none of a database of ours.
        MissingExtraError: the driver is not installed.
        OutageError: another manager has it, or (`StoreUnavailable`) it cannot be reached.
    """
    engine = open_database(url)
    try:
        if engine.url.get_backend_name() == "sqlite":
            yield
        else:
            with _held(engine):
                yield
    finally:
        engine.dispose()


@contextmanager
def _held(engine: Engine) -> Iterator[None]:
    con = _reached(engine)
    try:
        if not _is_ours(con):
            raise OutageError(
                f"wanted the database at {name_of(engine)} for this manager alone, found another one on it: stop that "
                "one; if its machine is dead, the database lets go within half a minute"
            )
        yield
    finally:
        con.invalidate()  # closed, whatever state it is in; a pool would keep it, and the lock
        con.close()


def _reached(engine: Engine) -> Connection:
    try:
        with asking():
            return engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    except StoreUnavailable as err:
        raise StoreUnavailable(f"wanted a database at {name_of(engine)}, found {err}: {remedy(engine)}") from err


def _is_ours(con: Connection) -> bool:
    with asking():
        for setting in _FOUND_DEAD:
            con.execute(text(f"SET {setting}"))
        return bool(con.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar())
