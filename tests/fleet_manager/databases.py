"""Databases that a test may have for itself: a file of SQLite, and a database in a real PostgreSQL.

`database_url` and `fleet_engine` run a test once on each. The PostgreSQL is a cluster of this test run's own, in a
temporary folder, reached by a Unix socket only; where the machine has no PostgreSQL its tests skip by name.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, Table

DEBIAN: Final = Path("/usr/lib/postgresql")
_TIMEOUT_S: Final = 60
_COUNT_ANEW: Final = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


class PostgresCluster:
    """A running PostgreSQL, as the user `postgres` where the tests run as root (it refuses root).

    folder: its home, made by the caller, short enough for a Unix socket.
    durable: whether a commit waits for the disk, which only a measurement needs.
    """

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        self._programs, self._folder, self._durable = programs, folder, durable
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        flags = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run("initdb", *flags, "-D", str(self._data))
        options = ["-c", "listen_addresses=", "-c", f"fsync={'on' if self._durable else 'off'}"]
        options += ["-c", "max_connections=200"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self._folder, *options],
                stdout=log,
                stderr=log,
                **self._identity(),
            )
        eventually(self._answers, _TIMEOUT_S)

    def new_database(self) -> str:
        """The URL of an empty database that nobody else has."""
        import psycopg  # noqa: PLC0415 - most tests need no database

        name = f"test_{next(self._numbers)}"
        with psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True) as con:
            con.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return f"postgresql://postgres@/{name}?host={self._folder}"

    def stop(self) -> None:
        """End it at once: what it holds is thrown away."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_TIMEOUT_S)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text("utf-8")
        ready = [self._programs / "pg_isready", "-q", "-h", self._folder]
        return subprocess.run(ready, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_S, **self._identity())
        assert done.returncode == 0, done.stderr.decode()

    def _identity(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {"cwd": self._folder}
        return {"user": "postgres", "group": "postgres", "extra_groups": (), "cwd": self._folder}


def postgres_programs() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest where there are several; None without a PostgreSQL."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    versions = [folder for folder in DEBIAN.glob("*/bin") if (folder / "postgres").exists()]
    return max(versions, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresCluster]:
    """A cluster of the caller's own; skips by name where this machine has none."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL (apt-get install postgresql), which this machine does not have")
    with tempfile.TemporaryDirectory(prefix="lepton-pg-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        cluster = PostgresCluster(programs, Path(folder), durable=durable)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """The PostgreSQL of this test run."""
    with running_postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of SQLite and once of PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fleet.sqlite'}"
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    return cluster.new_database()


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "fleet.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


class EmptiedDatabase:
    """A database with the manager's tables that is emptied between tests: a new one takes ten times as long."""

    def __init__(self, cluster: PostgresCluster) -> None:
        self._cluster = cluster
        self._url = ""
        # A TRUNCATE makes a new file per table and index, which takes longer than all of the rest.
        self._emptying = ""
        self._tables: dict[str, Table] = {}
        self._first_rows: dict[str, list[dict[str, object]]] = {}

    def url(self) -> str:
        """Its URL, with nothing in it but what the migrations put there."""
        if not self._url or not self._is_emptied():
            self._make()
        return self._url

    def _make(self) -> None:
        from sqlalchemy import MetaData  # noqa: PLC0415 - most tests need no database

        self._url = self._cluster.new_database()
        _migrate(self._url)
        with _connected(self._url) as con:
            found = MetaData()
            found.reflect(con)
            self._tables = dict(found.tables)
            deletes = [str(table.delete()) for table in reversed(found.sorted_tables)]
            self._emptying = "; ".join([*deletes, _COUNT_ANEW])
            rows = {name: con.execute(table.select()).mappings().all() for name, table in self._tables.items()}
        self._first_rows = {name: [dict(row) for row in some] for name, some in rows.items() if some}

    def _is_emptied(self) -> bool:
        """False where a test left other tables, or a connection that holds some."""
        from sqlalchemy import inspect, text  # noqa: PLC0415
        from sqlalchemy.exc import OperationalError  # noqa: PLC0415

        with _connected(self._url) as con:
            if set(inspect(con).get_table_names()) != set(self._tables):
                return False
            try:
                con.execute(text("SET LOCAL lock_timeout = '2s'"))
                con.execute(text(self._emptying))
            except OperationalError:
                return False
            for name, rows in self._first_rows.items():
                con.execute(self._tables[name].insert(), rows)
            con.commit()
        return True


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    from fleet_manager.store.database import open_database  # noqa: PLC0415 - most tests need no database

    engine = open_database(url)
    with engine.connect() as con:
        yield con
    engine.dispose()


@pytest.fixture(scope="session")
def _emptied_database(postgres: PostgresCluster) -> EmptiedDatabase:
    return EmptiedDatabase(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with the manager's tables, once of SQLite and once of PostgreSQL, as after a first start."""
    from fleet_manager.store.database import open_database  # noqa: PLC0415 - most tests need no database

    if request.param == "sqlite":
        path = tmp_path / "fleet.sqlite"
        shutil.copyfile(request.getfixturevalue("_migrated_file"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("_emptied_database").url()
    engine = open_database(url)
    yield engine
    engine.dispose()


def _migrate(url: str) -> None:
    from fleet_manager.store.database import open_database  # noqa: PLC0415
    from fleet_manager.store.migration import migrate  # noqa: PLC0415

    engine = open_database(url)
    migrate(engine)
    engine.dispose()
