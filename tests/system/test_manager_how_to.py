"""The page on running the manager does what it says: its certificates, files and commands, taken out of it and run."""

from __future__ import annotations

import os
import queue
import re
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from delivery_rig import mosquitto
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from required import require_tool
from serving_manager import serving_manager
from test_tls import Station
from test_uplink import PATIENCE_S, answers, wait_for

from edge_contracts.station import Tls
from edge_contracts.tls_files import tls_context
from edge_contracts.topics import DeviceAddress
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.ingest import Ingest
from fleet_manager.ingest.watchers import QuietWatcher
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import database_url, open_database
from fleet_manager.store.ledger import ledger
from tests.fakes.how_to import blocks, command, section
from tests.fakes.letters import alert
from tests.fakes.patience import eventually, free_port
from tests.fleet_manager.databases import postgres_programs

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet_manager.databases import PostgresCluster

pytestmark = pytest.mark.system
PAGE = "run-the-manager"
BROKER = section(PAGE, "With the site's own broker")
POSTGRESQL = section(PAGE, "With PostgreSQL, and several ingest processes")
BACKUP = section(PAGE, "Backup and restore")
LINE_1, LINE_2 = "lepton/1/acme/north/line-1", "lepton/1/acme/north/line-2"
NOT_AUTHORIZED = 0x87


def shell(script: str, folder: Path, environment: dict[str, str] | None = None, typed: str = "") -> None:
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 0, done.stderr


def here(text: str) -> str:
    """The page's names of machines and folders, as they are in this test."""
    return text.replace("broker.local", "localhost").replace("/etc/mosquitto/", "")


@dataclass(frozen=True)
class Plant:
    """A folder with what the page makes, and its broker's port."""

    folder: Path
    port: int

    def tls_of(self, name: str) -> Tls:
        told = tomllib.loads(blocks(BROKER, "toml")[0].replace("line-1", name))["uplink"]["tls"]
        return Tls.model_validate({key: str(self.folder / file) for key, file in told.items()})

    def station(self, folder: Path) -> Station:
        return Station(folder, self.port, self.tls_of("line-1"), DeviceAddress("acme", "north", "line-1"))


def certificates(folder: Path) -> Path:
    require_tool("openssl")
    folder.mkdir()
    shell(here(blocks(BROKER, "sh")[0]), folder)
    return folder


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    program, port = mosquitto(), free_port()
    folder = certificates(tmp_path_factory.mktemp("plant") / "files")
    (folder / "lepton.acl").write_text(blocks(BROKER, "acl")[0])
    settings = here(blocks(BROKER, "conf")[0]).replace("listener 8883", f"listener {port} 127.0.0.1")
    (folder / "lepton.conf").write_text(settings + ("user root\n" if os.geteuid() == 0 else ""))
    with (folder / "broker.log").open("ab") as log:
        process = subprocess.Popen([program, "-c", "lepton.conf"], cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port))
        yield Plant(folder, port)
    finally:
        process.kill()
        process.wait(10)


class Guest:
    """A client of another make, with somebody's certificate."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self.heard: list[str] = []
        self._answers: dict[int, int] = {}
        self._events: queue.Queue[str] = queue.Queue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self._client.on_connect = lambda *_: self._events.put("let in")
        self._client.on_disconnect = lambda *_: self._events.put("put out")
        self._client.on_subscribe = lambda *_: self._events.put("listens")
        self._client.on_message = lambda _c, _u, message: self.heard.append(message.topic)
        self._client.on_publish = lambda _c, _u, mid, reason, _p: self._answers.__setitem__(mid, reason.value)
        if context is not None:
            self._client.tls_set_context(context)
        self._client.connect("localhost", port)
        self._client.loop_start()
        self.is_let_in = self._events.get(timeout=10) == "let in"

    def listen(self, *filters: str) -> None:
        self._client.subscribe([(name, 1) for name in filters])
        assert self._events.get(timeout=10) == "listens"

    def say(self, topic: str) -> int:
        """Publish; gives the broker's answer."""
        sent = self._client.publish(topic, b"{}", 1)
        eventually(lambda: sent.mid in self._answers)
        return self._answers[sent.mid]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def guest(port: int, tls: Tls | None) -> Iterator[Guest]:
    made = Guest(port, tls_context(tls.ca, tls.certificate, tls.key) if tls else None)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("topic", [f"{LINE_1}/{leaf}" for leaf in ("alert", "ack", "cmd/x")] + ["line-2/alert"])
def test_what_a_station_says_in_anothers_name_is_refused(plant: Plant, topic: str) -> None:
    with guest(plant.port, plant.tls_of("line-2")) as thief:
        assert thief.say(topic) == NOT_AUTHORIZED


def test_a_station_hears_only_what_is_its_own_and_the_manager_everything(plant: Plant) -> None:
    with (
        guest(plant.port, plant.tls_of("line-1")) as line_1,
        guest(plant.port, plant.tls_of("line-2")) as thief,
        guest(plant.port, plant.tls_of("manager")) as manager,
    ):
        thief.listen("#", "lepton/1/+/+/+/alert", f"{LINE_1}/ack")
        manager.listen("lepton/1/+/+/+/alert")
        line_1.listen(f"{LINE_1}/ack")
        assert line_1.say(f"{LINE_1}/alert") == 0
        assert manager.say(f"{LINE_1}/ack") == 0
        assert thief.say(f"{LINE_2}/alert") == 0
        eventually(lambda: line_1.heard and len(manager.heard) > 1 and thief.heard)
        assert line_1.heard == [f"{LINE_1}/ack"]
        assert sorted(manager.heard) == [f"{LINE_1}/alert", f"{LINE_2}/alert"]
        assert set(thief.heard) == {f"{LINE_2}/alert"}


def test_who_has_no_certificate_of_the_plant_is_not_let_in(plant: Plant, tmp_path: Path) -> None:
    stranger = Plant(certificates(tmp_path / "elsewhere"), plant.port)
    theirs, ours = stranger.tls_of("manager"), plant.tls_of("manager")
    forged = Tls(ca=ours.ca, certificate=theirs.certificate, key=theirs.key)
    for nobodys in (None, Tls(ca=ours.ca), forged):
        with guest(plant.port, nobodys) as nobody:
            assert not nobody.is_let_in
    with guest(plant.port, ours) as manager:
        assert manager.is_let_in
    with pytest.raises(ssl.SSLCertVerificationError), guest(plant.port, theirs):
        pass


@dataclass(frozen=True)
class Kept:
    """A database, and what the page says to do with it. serve: the command. environment: for all commands."""

    url: str
    serve: str
    backup: str
    restore: str
    environment: dict[str, str]

    def ledger(self) -> list[str]:
        engine = open_database(self.url)
        try:
            return [line.sentence() for line in ledger(engine)]
        finally:
            engine.dispose()


def kept_in_sqlite(plant: Plant) -> Kept:
    require_tool("sqlite3")
    serve = command(blocks(BROKER, "sh")[1], "lepton fleet serve")
    backup, _, restore, _ = blocks(BACKUP, "sh")
    return Kept(database_url(plant.folder / "lepton-fleet" / "fleet.sqlite"), serve, backup, restore, {})


def kept_in_postgresql(plant: Plant, postgres: PostgresCluster) -> Kept:
    made, started = blocks(POSTGRESQL, "sh")
    programs = f"{postgres_programs()}{os.pathsep}{os.environ['PATH']}"
    server = {"PATH": programs, "PGHOST": str(postgres._folder), "PGUSER": "postgres"}
    shell(made.replace("sudo -u postgres ", ""), plant.folder, server, typed="a password\na password\n")
    told = command(started, "export ").partition("=")[2]
    url = re.sub(r"@[\w.]+/(\w+)", rf"@/\1?host={postgres._folder}", told)
    _, backup, _, restore = blocks(BACKUP, "sh")
    environment = {"PATH": programs, "LEPTON_DATABASE_URL": url}
    return Kept(url, command(started, "lepton fleet serve"), backup, restore, environment)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_made_while_alerts_come_is_put_back_and_the_ledger_says_what_it_has_not(
    plant: Plant, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    kept = kept_in_sqlite(plant) if kind == "sqlite" else kept_in_postgresql(plant, request.getfixturevalue("postgres"))
    serve = kept.serve.replace("broker.local:8883", f"localhost:{plant.port}")
    with plant.station(tmp_path) as station:
        with serving_manager(plant.folder, serve, environment=kept.environment):
            append(station, 20)
            assert station.outbox.drained(PATIENCE_S)
            feeding = threading.Thread(target=append, args=(station, 200))
            feeding.start()
            shell(kept.backup, plant.folder, kept.environment)
            feeding.join()
            append(station, 10)
            assert station.outbox.drained(PATIENCE_S)
            assert kept.ledger() == ["acme/north/line-1: stored 230, lost: 0"]
        shell(kept.restore, plant.folder, kept.environment)
        (at_first,) = kept.ledger()
        had = int(re.findall(r"stored (\d+)", at_first)[0])
        assert 20 <= had <= 220
        with ingest(kept.url, plant):
            append(station, 1)
            lost = 230 - had
            told = f"acme/north/line-1: stored {had + 1}, lost: {lost} (acknowledged-and-freed {lost})"
            eventually(lambda: kept.ledger() == [told], PATIENCE_S)


@contextmanager
def ingest(url: str, plant: Plant) -> Iterator[None]:
    """The manager's ear alone, which starts sooner than all of it."""
    store, stop, tls = AlertStore.open(url, lambda: 0), threading.Event(), plant.tls_of("manager")
    options = BrokerOptions(
        "localhost", plant.port, store.client_id, ca=tls.ca, certificate=tls.certificate, key=tls.key
    )
    ear = Ingest(store, options, QuietWatcher(lambda _line: None, stop.set), draw=lambda: 0.1)
    thread = threading.Thread(target=ear.run, args=(stop,), name="ingest")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        store.close()


def append(station: Station, count: int) -> None:
    for _ in range(count):
        station.outbox.append(alert())
