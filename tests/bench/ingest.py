"""How many alerts the manager stores in a second: validated, through its own statements, on SQLite and PostgreSQL.

`python -m tests.bench.ingest`. Alerts of about 600 bytes from fifty devices, in batches of 500, every commit on the
disk (SQLite synchronous=FULL, PostgreSQL fsync=on). The floor is the same bytes put into one table of SQLite by its own
`executemany`, in the same batches: what the medium and SQLite ask by themselves. "Through MQTT" is everything: a
mosquitto, messages at QoS 1, the ingest's process, acknowledgements to broker and devices; its
CPU is that of the ingest.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge_contracts.topics import DeviceAddress
from fleet_manager.arrival import Arrival, judge
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.workers import Workers, tasks
from fleet_manager.loopback_broker import loopback_broker
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import database_url, open_database
from tests.bench.daemon.spent import cpu_ns
from tests.fakes.arrivals import alert_body, changed
from tests.fleet_manager.databases import DEBIAN, PostgresCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

TURNS = 3
DEVICES, ALERTS, BATCH = 50, 30_000, 500
THROUGH_MQTT = 20_000
PATIENCE_S = 120
_NS = 1_000_000_000

Message = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Speed:
    """Alerts per second of wall time, and per second of one core's time."""

    wall: float
    core: float


def main() -> None:
    """Measure and print."""
    messages = drawn()
    size = sum(len(body) for _, body in messages) / len(messages)
    print(f"{ALERTS} alerts of {size:.0f} bytes from {DEVICES} devices, batches of {BATCH}, median of {TURNS} turns\n")
    print(f"{'':44}{'alerts/s':>10}{'per core':>10}{'/ floor':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = middle(lambda: raw_sqlite(folder, messages))
        show("floor: SQLite's own executemany, one table", floor, floor)
        judged = [judge(*message) for message in messages]
        show("SQLite, stored without validating", middle(lambda: stored_sqlite(folder, judged)), floor)
        show("SQLite, validated and stored", middle(lambda: stored_sqlite(folder, messages)), floor)
        show("validated only", middle(lambda: validated(messages)), floor)
        show("SQLite, through MQTT, one worker", through_mqtt(folder, messages[:THROUGH_MQTT]), floor)
    with durable_postgres() as cluster:
        if cluster is None:
            print("PostgreSQL: not installed (apt-get install postgresql)")
            return
        for workers in (1, 2, 4):
            speed = middle(lambda workers=workers: stored_postgres(cluster, messages, workers))
            show(f"PostgreSQL, validated and stored, {workers} workers", speed, floor)


def drawn() -> list[Message]:
    """Alerts of all devices, mixed as they would come, each device's own in order."""
    draw, next_seq = random.Random(7), dict.fromkeys(range(DEVICES), 0)
    messages = []
    for _ in range(ALERTS):
        device = draw.randrange(DEVICES)
        next_seq[device] += 1
        address = DeviceAddress("plant", "hall", f"station-{device}")
        more = {"source": address.source, "note": "x" * 150}
        messages.append((address.topic("alert"), changed(alert_body(next_seq[device]), **more)))
    return messages


def raw_sqlite(folder: Path, messages: Sequence[Message]) -> Speed:
    """What SQLite asks for the same bytes."""
    path = _fresh(folder)
    with closing(sqlite3.connect(path, isolation_level=None)) as con, timed(len(messages)) as clock:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = FULL")
        con.execute("CREATE TABLE alerts (id INTEGER PRIMARY KEY, topic TEXT, body TEXT)")
        for batch in _batches(messages):
            con.execute("BEGIN IMMEDIATE")
            rows = [(topic, body.decode()) for topic, body in batch]
            con.executemany("INSERT INTO alerts (topic, body) VALUES (?, ?)", rows)
            con.execute("COMMIT")
    return clock.speed


def stored_sqlite(folder: Path, messages: Sequence[Any]) -> Speed:
    """Through the manager's store; messages are judged on the way, arrivals as they are."""
    store = AlertStore.open(_fresh(folder), lambda: 0)
    with closing(store):
        return stored(store, messages)


def stored(store: AlertStore, messages: Sequence[Any]) -> Speed:
    """Judge and store batch by batch; everything must be new."""
    count = 0
    with timed(len(messages)) as clock:
        for batch in _batches(messages):
            count += len(store.take([_arrival(one) for one in batch]).alerts)
    if count != len(messages):
        raise AssertionError(f"wanted {len(messages)} stored alerts, found {count}")
    return clock.speed


def validated(messages: Sequence[Message]) -> Speed:
    """Judged, and let go."""
    with timed(len(messages)) as clock:
        for batch in _batches(messages):
            if any(judge(*message).content is None for message in batch):
                raise AssertionError("wanted alerts that are valid")
    return clock.speed


def stored_postgres(cluster: PostgresCluster, messages: Sequence[Message], workers: int) -> Speed:
    """So many processes, each with its share; their CPU together, the database's own not counted."""
    url = cluster.new_database()
    AlertStore.open(url, lambda: 0).close()
    context = multiprocessing.get_context("fork")
    begin, answers = context.Barrier(workers + 1), context.SimpleQueue()
    shares = [list(messages[number::workers]) for number in range(workers)]
    processes = [context.Process(target=_share, args=(url, share, begin, answers)) for share in shares]
    for process in processes:
        process.start()
    begin.wait(PATIENCE_S)
    begun_ns = time.monotonic_ns()
    spent_ns = sum(answers.get() for _ in processes)
    took_ns = time.monotonic_ns() - begun_ns
    for process in processes:
        process.join(PATIENCE_S)
    return Speed(len(messages) / took_ns * _NS, len(messages) / spent_ns * _NS)


def _share(url: str, messages: list[Message], begin: Any, answers: Any) -> None:
    store = AlertStore(open_database(url), lambda: 0)
    store.through("", "")
    begin.wait(PATIENCE_S)
    begun_ns = time.process_time_ns()
    stored(store, messages)
    answers.put(time.process_time_ns() - begun_ns)
    store.close()


def through_mqtt(folder: Path, messages: Sequence[Message]) -> Speed:
    """From the first message published to the last one stored."""
    path = _fresh(folder)
    AlertStore.open(path, lambda: 0).close()
    with loopback_broker(folder, "mosquitto") as broker:
        options = BrokerOptions(broker.host, broker.port, "bench")
        workers = Workers(tasks(database_url(path), options, 1, shares=True), random.random)
        workers.start()
        try:
            _wait(lambda: workers.trouble is None)
            process = workers.workers[1].process
            if process is None:
                raise AssertionError("wanted a running worker")
            before_ns, begun_ns = cpu_ns(process.pid), time.monotonic_ns()
            publisher = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.ingest", str(broker.port)], stdin=subprocess.PIPE, text=True
            )
            told = json.dumps([(topic, body.decode()) for topic, body in messages])
            begun_ns = time.monotonic_ns()
            publisher.communicate(told, timeout=PATIENCE_S)
            _wait(lambda: workers.workers[1].stored >= len(messages))
            took_ns, spent_ns = time.monotonic_ns() - begun_ns, cpu_ns(process.pid) - before_ns
        finally:
            workers.stop()
    return Speed(len(messages) / took_ns * _NS, len(messages) / spent_ns * _NS)


def publish(port: int) -> None:
    """The devices' side, in a process of its own: messages from stdin, at QoS 1."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="devices")
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", port)
    client.loop_start()
    told = [client.publish(topic, body, qos=1) for topic, body in json.load(sys.stdin)]
    for one in told:
        one.wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()


class _Clock:
    speed = Speed(0.0, 0.0)


@contextmanager
def timed(count: int) -> Iterator[_Clock]:
    """Alerts per second of what happens inside."""
    clock, begun_ns, cpu_begun_ns = _Clock(), time.monotonic_ns(), time.process_time_ns()
    yield clock
    took_ns, spent_ns = time.monotonic_ns() - begun_ns, time.process_time_ns() - cpu_begun_ns
    clock.speed = Speed(count / took_ns * _NS, count / spent_ns * _NS)


@contextmanager
def durable_postgres() -> Iterator[PostgresCluster | None]:
    """A PostgreSQL whose commits wait for the disk."""
    installed = sorted(DEBIAN.glob("*/bin/postgres"))
    if not installed:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    cluster = PostgresCluster(installed[-1].parent, folder, durable=True)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def middle(measure: Callable[[], Speed]) -> Speed:
    """The median of the turns."""
    turns = [measure() for _ in range(TURNS)]
    return Speed(median(one.wall for one in turns), median(one.core for one in turns))


def show(name: str, speed: Speed, floor: Speed) -> None:
    """One line."""
    print(f"{name:44}{speed.wall:10,.0f}{speed.core:10,.0f}{speed.core / floor.core:9.2f}", flush=True)


def _arrival(one: Message | Arrival) -> Arrival:
    return one if isinstance(one, Arrival) else judge(*one)


def _batches(messages: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(messages), BATCH):
        yield messages[first : first + BATCH]


def _fresh(folder: Path) -> Path:
    path = folder / "alerts.sqlite"
    for old in folder.glob("alerts.sqlite*"):
        old.unlink()
    return path


def _wait(is_done: Callable[[], object]) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > until_s:
            raise AssertionError("it did not happen in time")
        time.sleep(0.002)


if __name__ == "__main__":
    publish(int(sys.argv[1])) if sys.argv[1:] else main()
