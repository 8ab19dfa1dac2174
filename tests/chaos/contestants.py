"""Who is tried: our stations and manager, and the usual pattern of paho with persistent sessions."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from edge_contracts.gap import GapReason
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.workers import tasks
from tests.chaos import stores
from tests.chaos.killable import Command
from tests.chaos.plan import Kind
from tests.chaos.reckoning import Reckoning, reckon, reckon_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.chaos.reckoning import Place
    from tests.chaos.record import Told

LISTEN = "from fleet_manager.cli import fleet; fleet()"
SNAPSHOT_S = 10


class Contestant(Protocol):
    """One way from stations to a store."""

    name: str
    can_be_done: frozenset[Kind]

    def broker_lines(self) -> str:
        """What the broker's configuration says beside its listener."""

    def ingest(self, host: str, port: int) -> list[Command]:
        """The ingest processes."""

    def station(self, spool: Path, *, small: bool) -> Command:
        """A station; the floor adds who and where it is."""

    def backup(self) -> None:
        """Keep a copy of the store."""

    def restore(self) -> None:
        """Put the copy in place of the store; no ingest process is running."""

    def stored(self) -> int:
        """About how many are stored."""

    def reckon(self, told: Mapping[str, Told]) -> Reckoning:
        """The reckoning as of now."""


class Lepton:
    """Outbox and uplink, `lepton fleet listen`, a broker that keeps nothing.

    workers: ingest processes; more than one share their subscription. forgetful: with the manager that acknowledges
    before it stores.
    """

    can_be_done = frozenset(Kind)

    def __init__(self, name: str, store: stores.Store, workers: int, *, forgetful: bool = False) -> None:
        self.name = name
        self._store, self._workers, self._forgetful = store, workers, forgetful
        self._thrown: set[Place] = set()
        self._shed_before: set[Place] = set()

    def broker_lines(self) -> str:
        return "persistence false\n"

    def ingest(self, host: str, port: int) -> list[Command]:
        if self._forgetful:
            return [_python("-m", "tests.chaos.forgetful_manager", self._store.url, host, str(port))]
        if self._workers == 1:
            where = ["--broker", f"{host}:{port}", "--store", self._store.url]
            return [_python("-c", LISTEN, "listen", "--quiet", *where)]
        broker = BrokerOptions(host, port, "chaos")
        shared = tasks(self._store.url, broker, self._workers, shares=True)
        return [_python("-m", "fleet_manager.ingest.worker", told=f"{task.to_json()}\n") for task in shared]

    def station(self, spool: Path, *, small: bool) -> Command:
        return _python("-m", "tests.chaos.station", "--spool", str(spool), *(["--small"] if small else []))

    def backup(self) -> None:
        self._store.backup()

    def restore(self) -> None:
        before = stores.found(self._store.url)
        self._store.restore()
        self._thrown |= before.places - stores.places_of(self._store.url)
        for piece in before.ranges:
            if piece.why is GapReason.SHED:
                self._shed_before |= piece.places

    def stored(self) -> int:
        return stores.stored_count(self._store.url)

    def reckon(self, told: Mapping[str, Told]) -> Reckoning:
        return reckon(told, stores.found(self._store.url), self._thrown, self._shed_before)


class UsualPattern:
    """paho with persistent sessions and QoS 1 on both sides, one committed row per message.

    keeps: whether the broker has persistence; then it writes its file every ten seconds (its default is half an hour).
    Nothing is done to it that needs a spool or a ledger.
    """

    can_be_done = frozenset({Kind.KILL_BROKER, Kind.KILL_WORKER, Kind.KILL_STATION, Kind.CUT})

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        self.name = f"paho, persistent session, broker persistence {'on' if keeps else 'off'}"
        self._path, self._folder, self._keeps = folder / "usual.sqlite", folder, keeps

    def broker_lines(self) -> str:
        lines = "max_queued_messages 0\n"
        if not self._keeps:
            return f"{lines}persistence false\n"
        place = f"persistence_location {self._folder}/\n"
        return f"{lines}persistence true\n{place}autosave_interval {SNAPSHOT_S}\nuser root\n"

    def ingest(self, host: str, port: int) -> list[Command]:
        return [_python("-m", "tests.chaos.usual_subscriber", str(self._path), host, str(port))]

    def station(self, spool: Path, *, small: bool) -> Command:
        del spool, small
        return _python("-m", "tests.chaos.usual_station")

    def backup(self) -> None:
        raise NotImplementedError

    def restore(self) -> None:
        raise NotImplementedError

    def stored(self) -> int:
        return len(self._parts())

    def reckon(self, told: Mapping[str, Told]) -> Reckoning:
        return reckon_plain(told, self._parts())

    def _parts(self) -> list[str]:
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(self._path, timeout=10)) as con:
            try:
                return [part for (part,) in con.execute("SELECT part FROM alerts")]
            except sqlite3.OperationalError:
                return []


def _python(*words: str, told: str = "") -> Command:
    return Command((sys.executable, *words), told)
