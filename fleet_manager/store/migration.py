"""Alembic without its own configuration file: the chain in `migrations/versions`, on an engine that is open already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from edge_contracts.errors import BadInputError
from fleet_manager.store.database import StoreUnavailable, asking, first_line, name_of, remedy, writing

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_FOLDER: Final = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Bring the tables to this version, all of it in one transaction; makes them in an empty database.

    Raises:
        BadInputError: the database is not ours, or of a newer version.
        StoreUnavailable: it cannot be reached, or takes nothing.
    """
    try:
        with asking(), engine.connect() as con:
            _check_ours(engine, set(inspect(con).get_table_names()))
        _upgrade(engine)
    except StoreUnavailable as err:
        raise StoreUnavailable(f"wanted a database at {name_of(engine)}, found {err}: {remedy(engine)}") from err
    except DBAPIError as err:
        found = f"found {first_line(err)}: name another"
        raise BadInputError(f"wanted a database at {name_of(engine)}, {found}") from err


def is_current(engine: Engine) -> bool:
    """Whether nothing is missing."""
    with engine.connect() as con:
        return MigrationContext.configure(con).get_current_revision() == head()


def head() -> str | None:
    """The newest revision of this version."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def _check_ours(engine: Engine, tables: set[str]) -> None:
    if tables and "alembic_version" not in tables:
        raise BadInputError(
            f"wanted a store of ours or an empty database at {name_of(engine)}, found tables of another program, or of "
            "a version that never was released: name another"
        )


def _check_writable(con: Connection) -> None:
    if con.dialect.name == "sqlite":
        con.execute(text("PRAGMA user_version = 0"))  # a transaction alone begins on a file for reading, too
    elif con.execute(text("SHOW transaction_read_only")).scalar() == "on":
        raise StoreUnavailable("that it takes nothing but questions (a standby, or default_transaction_read_only)")


def _upgrade(engine: Engine) -> None:
    config = configuration()
    with writing(engine) as con:
        _check_writable(con)
        config.attributes["connection"] = con
        try:
            command.upgrade(config, "head")
        except CommandError as err:
            raise BadInputError(
                f"wanted a database of this version or an older one, found another ({err}): run the newer lepton"
            ) from err


def configuration() -> Config:
    """Where Alembic finds the chain."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
