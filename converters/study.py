"""Where the trials of a search are kept: an Optuna study in one file, or in a database that several machines share.

Every search of the house keeps its trials so, whatever it searches. A study says what its trials are about; trials of
other data or another space would be compared with them, so such a study is refused. A trial whose process died is
noticed by its heartbeat, which stops.
"""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError, MissingExtraError, OutageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

ENVIRONMENT = "LEPTON_STUDY"
"""The variable that names the study of a whole site."""

ABOUT = "about"
"""The study's attribute that says what its trials are about."""

HEARTBEAT_S, GRACE_S = 5, 60
"""A trial that was not heard of for so long is taken for dead; a busy machine may be late by much."""

LOCK_S = 60
"""A process waits so long for another's write to an SQLite file."""

ATTEMPTS = 5
"""At a place where another process is making the same tables."""


def require_optuna() -> ModuleType:
    """Optuna, quiet, or the sentence that says how to get it."""
    try:
        optuna = import_module("optuna")
    except ImportError as error:
        raise MissingExtraError(
            f"wanted Optuna to search ({error}); install lepton-edge[search] (in a checkout: pip install '.[search]')"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def open_study(where: str, name: str, about: Mapping[str, str]) -> Iterator[Any]:
    """The study, made where there is none; greater values are better. Its connections are closed behind it.

    Args:
        where: a file, made where there is none, or an address that SQLAlchemy knows, `postgresql+psycopg://user@host/name`.
        name: of the study; one place holds many.
        about: what its trials are about, in words or digests.

    Raises:
        BadInputError: the place cannot be used, or the study there is about something else.
        MissingExtraError: Optuna or the database's driver is not installed.
        OutageError: the place was opened, and does not answer any more.
    """
    optuna = require_optuna()
    with _storage(where) as storage:
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
        known = study.user_attrs.get(ABOUT)
        if known is None:
            study.set_user_attr(ABOUT, dict(about))
        elif known != about:
            strange = ", ".join(key for key in sorted({*known, *about}) if known.get(key) != about.get(key))
            raise BadInputError(
                f"wanted to go on with the study {name!r} in {shown(where)}, found trials that differ in {strange}; "
                "they cannot be compared with new ones: give another --name or another --study"
            )
        yield study


@contextmanager
def find_study(where: str, name: str) -> Iterator[Any]:
    """The study that is there.

    Raises:
        BadInputError: there is none of this name.
        MissingExtraError: as for `open_study`.
        OutageError: as there.
    """
    optuna = require_optuna()
    if _is_file(where) and not Path(where).is_file():
        raise BadInputError(f"wanted a study in {where}, found no such file; 'lepton search run' makes one")
    with _storage(where) as storage:
        names = [one.study_name for one in storage.get_all_studies()]
        if name not in names:
            raise BadInputError(
                f"wanted the study {name!r} in {shown(where)}, found {', '.join(sorted(names)) or 'none'}; "
                "name one with --name"
            )
        yield optuna.load_study(storage=storage, study_name=name)


def shown(where: str) -> str:
    """The place as it may be printed: an address without its password."""
    if _is_file(where):
        return where
    alchemy = import_module("sqlalchemy")
    try:
        return str(alchemy.engine.make_url(where).render_as_string(hide_password=True))
    except alchemy.exc.ArgumentError:
        return "a database"


def _is_file(where: str) -> bool:
    return "://" not in where


@contextmanager
def _storage(where: str) -> Iterator[Any]:
    optuna, alchemy = require_optuna(), import_module("sqlalchemy")
    # Without a pool nothing stays open behind an error or a stop; a trial takes longer than all its connections.
    arguments = {"poolclass": alchemy.pool.NullPool}
    if _is_file(where):
        arguments["connect_args"] = {"timeout": LOCK_S}

    def made(place: str) -> Any:
        return optuna.storages.RDBStorage(
            place, engine_kwargs=arguments, heartbeat_interval=HEARTBEAT_S, grace_period=GRACE_S
        )

    with _explained(where), warnings.catch_warnings():
        # The heartbeat may change between major versions of Optuna; pyproject.toml names one.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if _is_file(where):
            path = Path(where).resolve()
            if path.parent.is_dir() and not path.exists():
                _put_new(path, lambda file: made(_sqlite(file)))
            storage = made(_sqlite(path))
        else:
            storage = _made(lambda: made(where), ATTEMPTS)
    try:
        yield storage
    except (optuna.exceptions.StorageInternalError, alchemy.exc.SQLAlchemyError) as error:
        raise OutageError(
            f"wanted the study in {shown(where)}, found that it does not answer any more: {_reason(error)}; "
            "the same command goes on once it does"
        ) from error
    finally:
        storage.remove_session()


def _sqlite(path: Path) -> str:
    """The address of a file."""
    made: str = (
        import_module("sqlalchemy").URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
    )
    return made


def _put_new(path: Path, make: Callable[[Path], Any]) -> None:
    """Make the tables of a new file beside its place, and put them there whole: a full disk leaves nothing behind.

    Of processes that begin together the first one's file stands, and the others go on with it.
    """
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as beside:
        file = Path(beside) / "study"
        make(file).engine.dispose()
        try:
            os.link(file, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links, as on a memory card
            if not path.exists():
                file.rename(path)


def _made(make: Callable[[], Any], attempts: int) -> Any:
    """Of processes that begin together all make the tables and one succeeds; the others find them a moment later."""
    try:
        return make()
    except import_module("sqlalchemy").exc.DBAPIError:
        if attempts == 1:
            raise
        return _made(make, attempts - 1)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    errors = import_module("sqlalchemy").exc
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(
            f"wanted the driver of {where.partition('://')[0]} ({error}); for PostgreSQL install "
            "lepton-edge[postgresql] (in a checkout: pip install '.[postgresql]')"
        ) from error
    except (errors.SQLAlchemyError, RuntimeError, OSError) as error:
        raise BadInputError(
            f"wanted a study in {shown(where)}, found that it cannot be used: {_reason(error)}; give a file whose "
            "folder exists, or a database that answers"
        ) from error


def _reason(error: Exception) -> str:
    return str(error.__cause__ or error).partition("\n")[0]
