"""The database behind the manager: SQLite by default, PostgreSQL by its URL; commits are on the medium, always.

A connection reads; `writing` opens the one transaction that may write. On SQLite it takes the write lock at once, so
that two writers wait for each other instead of failing half-way.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError

from edge_contracts.errors import BadInputError, MissingExtraError, OutageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

SQLITE_BUSY_S: Final = 10.0
"""How long a writer waits for another one."""
CONNECT_S: Final = 10
READ_ONLY: Final = "25006"
"""PostgreSQL's word for a write on a standby, or where the default is read-only."""
_SQLITE, _POSTGRESQL = "sqlite+pysqlite", "postgresql+psycopg"
_KINDS: Final = {
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    _POSTGRESQL: _POSTGRESQL,
}
_WRITES: Final = "lepton_writes"
UNSTORABLE: Final = "wanted values that the database takes, found one that it does not: write plain text"


class StoreUnavailable(OutageError, OSError):
    """The database cannot take or give anything just now: full disk, lost connection, another writer."""


def database_url(where: str | Path) -> str:
    """The URL of a SQLite file; what is a URL already stays."""
    text = str(where)
    return text if "://" in text else f"sqlite:///{text}"


def open_database(url: str) -> Engine:
    """The engine of `sqlite:///FILE` or `postgresql://user@host/name`; nothing is connected yet.

    Raises:
        BadInputError: the URL is none of these.
        MissingExtraError: PostgreSQL is wanted and its driver is not installed.
    """
    parsed = _parsed(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            engine = create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_S, "check_same_thread": False})
            _prepare_sqlite(engine)
            return engine
        return create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S})
    except ModuleNotFoundError as err:
        raise MissingExtraError(
            f"wanted the driver of PostgreSQL, found it missing ({err}): pip install 'lepton-edge[postgresql]'"
        ) from err


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, rolled back when an error leaves it.

    Raises:
        StoreUnavailable: the database cannot take it; nothing of it is stored.
    """
    try:
        with engine.connect().execution_options(**{_WRITES: True}) as con, con.begin():
            yield con
    except DBAPIError as err:
        if _is_outage(err):
            raise StoreUnavailable(first_line(err)) from err
        raise


@contextmanager
def asking() -> Iterator[None]:
    """What goes wrong with the database inside the block, as an error of the house.

    Raises:
        StoreUnavailable: it does not answer just now.
        BadInputError: a value is none that it takes, such as a text with a NUL for PostgreSQL.
    """
    try:
        yield
    except DataError as err:
        raise BadInputError(UNSTORABLE) from err
    except DBAPIError as err:
        if _is_outage(err):
            raise StoreUnavailable(first_line(err)) from err
        raise


def _is_outage(err: DBAPIError) -> bool:
    """Whether the database, and not what it was asked, is at fault."""
    is_read_only = getattr(err.orig, "sqlstate", None) == READ_ONLY
    return isinstance(err, OperationalError) or err.connection_invalidated or is_read_only


def _parsed(url: str) -> URL:
    wanted = "wanted a database as sqlite:///FILE or postgresql://USER@HOST/NAME"
    try:
        parsed = make_url(url)
    except ArgumentError as err:
        raise BadInputError(f"{wanted}, found a text that is no URL") from err
    if parsed.drivername not in _KINDS:
        raise BadInputError(f"{wanted}, found {parsed.drivername}://")
    return parsed.set(drivername=_KINDS[parsed.drivername])


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the transactions are SQLAlchemy's, begun below
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(con: Connection) -> None:
        con.exec_driver_sql("BEGIN IMMEDIATE" if con.get_execution_options().get(_WRITES) else "BEGIN")


def name_of(engine: Engine) -> str:
    """The database as a person knows it: the file, or the URL without its password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return url.database or "memory"
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def remedy(engine: Engine) -> str:
    """What to look at when it can be neither reached nor written."""
    if engine.url.get_backend_name() == "sqlite":
        return "let this user write the file and its folder, and make room on their disk"
    return "does that server run, may this user write there, are name and password (~/.pgpass) right?"


def first_line(err: DBAPIError) -> str:
    """What the database said, without the statement."""
    return str(err.orig).strip().partition("\n")[0]
