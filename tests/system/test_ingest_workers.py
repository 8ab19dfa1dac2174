"""The manager's ingest as processes at a real broker: shared, killed, started anew, ended with their manager."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from line_broker import LineBroker
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge_contracts.device import Presence, Status
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.workers import Workers, tasks
from fleet_manager.loopback_broker import loopback_broker
from fleet_manager.store.database import database_url
from fleet_manager.store.ledger import ledger
from tests.fakes.arrivals import WHERE, alert_body
from tests.fakes.letters import ADDRESS
from tests.fakes.patience import eventually
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_manager.store.alert_store import AlertStore

pytestmark = [pytest.mark.system, pytest.mark.slow]
ALERTS = 300


@contextmanager
def running(what: list[Any]) -> Iterator[Workers]:
    workers = Workers(what, random.Random(1).random)
    workers.start()
    try:
        yield workers
    finally:
        assert workers.stop()


@contextmanager
def device(port: int) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2, client_id="station-1")
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.loop_stop()
        client.disconnect()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    made = opened_store(tmp_path / "alerts.sqlite")
    yield made
    made.close()


def options(port: int) -> BrokerOptions:
    return BrokerOptions("127.0.0.1", port, "fleet")


def stored(store: AlertStore) -> int:
    return sum(line.stored for line in ledger(store.engine))


def test_workers_share_the_alerts_and_a_killed_one_loses_none(tmp_path: Path, store: AlertStore) -> None:
    url = database_url(tmp_path / "alerts.sqlite")
    with LineBroker(tmp_path) as broker, running(tasks(url, options(broker.port), 2, shares=True)) as workers:
        eventually(lambda: workers.trouble is None)
        with device(broker.port) as client:
            for seq in range(1, ALERTS + 1):
                client.publish(ADDRESS.topic("alert"), alert_body(seq), qos=1)
                if seq == ALERTS // 2:
                    victim = workers.workers[1].process
                    assert victim is not None
                    victim.send_signal(signal.SIGKILL)
            eventually(lambda: stored(store) == ALERTS)
        eventually(lambda: workers.trouble is None)
        assert [one.restarts for one in workers.workers] == [0, 1, 0]
        shares = [one.stored for one in workers.workers]
        assert shares[0] == 0
        assert min(shares[1:]) > 0
    assert [line.sentence() for line in ledger(store.engine)] == [f"{WHERE}: stored {ALERTS}, lost: 0"]


def test_a_manager_that_comes_back_with_fewer_workers_leaves_no_alert_to_those_that_are_gone(
    tmp_path: Path, store: AlertStore
) -> None:
    url = database_url(tmp_path / "alerts.sqlite")
    with LineBroker(tmp_path) as broker, device(broker.port) as client:
        with running(tasks(url, options(broker.port), 2, shares=True)[1:]) as workers:
            eventually(lambda: workers.trouble is None)
        with running(tasks(url, options(broker.port), 1, shares=True)[1:]) as workers:
            eventually(lambda: workers.trouble is None)
            for seq in range(1, 21):
                client.publish(ADDRESS.topic("alert"), alert_body(seq), qos=1)
            eventually(lambda: stored(store) == 20)


def test_what_a_device_says_of_itself_is_heard_although_the_alerts_are_shared(
    tmp_path: Path, store: AlertStore
) -> None:
    url = database_url(tmp_path / "alerts.sqlite")
    body = Status(status=Presence.ONLINE, session=1).model_dump_json().encode()
    with LineBroker(tmp_path) as broker, device(broker.port) as client:
        client.publish(ADDRESS.topic("status"), body, qos=1, retain=True).wait_for_publish(5)
        with running(tasks(url, options(broker.port), 1, shares=True)):
            eventually(lambda: statuses(store) == [(WHERE, "online")])


def test_the_embedded_broker_is_heard_and_what_it_would_never_deliver_is_never_called_ready(
    tmp_path: Path, store: AlertStore
) -> None:
    pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")
    url = database_url(tmp_path / "alerts.sqlite")
    with loopback_broker(tmp_path, "amqtt") as broker:
        with running(tasks(url, options(broker.port), 1, shares=False)) as workers:
            eventually(lambda: workers.trouble is None)
            with device(broker.port) as client:
                client.publish(ADDRESS.topic("alert"), alert_body(1), qos=1).wait_for_publish(5)
                eventually(lambda: stored(store) == 1)
        with running(tasks(url, options(broker.port), 1, shares=True)) as workers:
            eventually(lambda: workers.workers[0].is_ready and "does not come back" in workers.workers[1].trouble)
            with pytest.raises(AssertionError):
                eventually(lambda: workers.workers[1].is_ready, patience_s=2)
            assert "ingest-1" in str(workers.trouble)


def test_no_worker_outlives_its_manager(tmp_path: Path) -> None:
    url = database_url(tmp_path / "alerts.sqlite")
    opened_store(tmp_path / "alerts.sqlite").close()
    manager = f"""
import random, sys
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.workers import Workers, tasks
workers = Workers(tasks({url!r}, BrokerOptions("127.0.0.1", 1, "fleet"), 1, shares=False), random.random)
workers.start()
while workers.workers[0].process is None or workers.workers[0].trouble == "not connected yet":
    pass
print(workers.workers[0].process.pid, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", manager]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert is_alive(worker)
        process.kill()
    eventually(lambda: not is_alive(worker))


def statuses(store: AlertStore) -> list[tuple[str, str]]:
    with store.engine.connect() as con:
        return [(row[0], row[1]) for row in con.exec_driver_sql("SELECT address, status FROM statuses")]


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 - one line of one file
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
