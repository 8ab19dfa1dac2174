"""The databases of a run: what they hold, and how each goes back to an older backup."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from edge_contracts.gap import GapReason
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import open_database
from fleet_manager.store.ledger import ledger
from fleet_manager.store.tables import alerts, gap_ranges, places, progress, refused
from tests.chaos.reckoning import Found, GapRange, Place, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.fleet_manager.databases import PostgresCluster

TIMEOUT_S: Final = 120


class Store(Protocol):
    """A manager's database; `backup` may be called beside its writers, `restore` only without them."""

    url: str

    def backup(self) -> None:
        """Keep a copy of the database as it is now."""

    def restore(self) -> None:
        """Replace the database by the copy."""


class SqliteStore:
    """One file; the backup is made with SQLite's own online backup."""

    def __init__(self, folder: Path) -> None:
        self._path, self._copy = folder / "alerts.sqlite", folder / "backup.sqlite"
        self.url = f"sqlite:///{self._path}"
        _make(self.url)

    def backup(self) -> None:
        self._copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._path)) as con, closing(sqlite3.connect(self._copy)) as copy:
            con.backup(copy)

    def restore(self) -> None:
        for beside in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + beside).unlink(missing_ok=True)
        shutil.copyfile(self._copy, self._path)


class PostgresStore:
    """One database in a cluster of the run's own; the backup is pg_dump's, restored into an empty database."""

    def __init__(self, cluster: PostgresCluster, programs: Path, folder: Path) -> None:
        self._programs, self._copy = programs, folder / "backup.dump"
        self.url = cluster.new_database()
        _make(self.url)

    def backup(self) -> None:
        self._run("pg_dump", "--format=custom", "--file", str(self._copy), self._name)

    def restore(self) -> None:
        self._run("dropdb", "--force", self._name)
        self._run("createdb", "--template=template0", self._name)
        self._run("pg_restore", "--dbname", self._name, str(self._copy))

    @property
    def _name(self) -> str:
        return str(make_url(self.url).database)

    def _run(self, program: str, *arguments: str) -> None:
        server = ["--host", str(make_url(self.url).query["host"]), "--username", "postgres"]
        command = [str(self._programs / program), *server, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, timeout=TIMEOUT_S)
        assert done.returncode == 0, done.stderr.decode()


def stored_count(url: str) -> int:
    """How many places are stored without a hole; cheap."""
    with _reading(url) as con:
        return int(con.execute(select(func.coalesce(func.sum(progress.c.through), 0))).scalar_one())


def places_of(url: str) -> frozenset[Place]:
    """Every place that the store holds."""
    with _reading(url) as con:
        rows = con.execute(select(places.c.address, places.c.epoch, places.c.seq))
        return frozenset((_station(address), epoch, seq) for address, epoch, seq in rows)


def found(url: str) -> Found:
    """Everything that the store says."""
    columns = (alerts.c.address, alerts.c.epoch, alerts.c.seq, alerts.c.event_id, alerts.c.part)
    told = (gap_ranges.c.address, gap_ranges.c.epoch, gap_ranges.c.first, gap_ranges.c.last, gap_ranges.c.why)
    with _reading(url) as con:
        rows = tuple(Row(_station(where), *rest) for where, *rest in con.execute(select(*columns)))
        ranges = tuple(
            GapRange(_station(where), epoch, first, last, GapReason(why))
            for where, epoch, first, last, why in con.execute(select(*told))
        )
        strangers = int(con.execute(select(func.count()).select_from(refused)).scalar_one())
    return Found(rows, ranges, places_of(url), strangers)


def ledger_of(url: str) -> tuple[int, int]:
    """What the manager's own loss ledger says of all stations: lost, and not yet arrived."""
    engine = open_database(url)
    try:
        lines = ledger(engine)
    finally:
        engine.dispose()
    return sum(sum(line.lost.values()) for line in lines), sum(line.missing for line in lines)


def _make(url: str) -> None:
    AlertStore.open(url, lambda: 0).close()


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    engine = open_database(url)
    try:
        with engine.connect() as con:
            yield con
    finally:
        engine.dispose()


def _station(address: str) -> str:
    return address.rpartition("/")[2]
