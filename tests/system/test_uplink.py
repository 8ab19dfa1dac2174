"""The uplink and the listener against real brokers: what a session says, and what each broker's habits cost."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from delivery_rig import mosquitto
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.device import Birth, State
from edge_contracts.errors import BadInputError
from edge_contracts.message import MAX_STATE_BYTES, ClockTrust
from edge_contracts.reconnect import FullJitter
from edge_contracts.station import Tls
from edge_contracts.station import Uplink as UplinkSettings
from edge_runtime.conditions import Conditions
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink.go_back_n import ResendRules
from edge_runtime.uplink.link_settings import link_options
from edge_runtime.uplink.uplink import Announcements, Pace, Uplink
from fleet_manager.ingest.broker_link import BrokerOptions
from fleet_manager.ingest.ingest import Ingest
from fleet_manager.ingest.watchers import QuietWatcher
from fleet_manager.store.ledger import ledger
from tests.fakes.letters import ADDRESS, alert
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
PATIENCE_S = 15.0
PACE = Pace(FullJitter(0.05, 0.2), ResendRules(first_s=0.5))


@contextmanager
def broker(folder: Path, *lines: str, port: int | None = None) -> Iterator[int]:
    program, port = mosquitto(), port or free_port()
    config = folder / f"{port}.conf"
    config.write_text("\n".join([f"listener {port} 127.0.0.1", "allow_anonymous true", *lines, ""]))
    log = (folder / "broker.log").open("ab")
    with log:
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        process.kill()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def wait_for(is_done: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_done():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.02)


class Ear:
    """A plain subscriber that hears everything of the station."""

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[Any] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = lambda _c, _u, message: self.heard.put(message)
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("lepton/1/#", 1)
        self._client.loop_start()

    def next(self, leaf: str) -> Any:
        """The next message of a leaf, whatever lies between."""
        while True:
            message = self.heard.get(timeout=PATIENCE_S)
            if message.topic == ADDRESS.topic(leaf):
                return message

    def say(self, leaf: str, body: bytes) -> None:
        self._client.publish(ADDRESS.topic(leaf), body, 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def ear(port: int) -> Iterator[Ear]:
    made = Ear(port)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def station(
    folder: Path,
    port: int,
    ack: str = "manager",
    hardware: str = "x",
    alarms: Callable[[], tuple[Alarm, ...]] = tuple,
) -> Iterator[tuple[Outbox, Uplink]]:
    outbox = Outbox(folder / "spool", ADDRESS, SpoolLimits(8 << 20, 1 << 20), SystemClock(), window_s=0)
    outbox.start()
    settings = UplinkSettings.model_validate({"host": "127.0.0.1", "port": port, "ack": ack, "state_period_s": 0.2})
    told = replace(announcements(hardware), alarms=alarms)
    uplink = Uplink(outbox, ADDRESS, settings, told, pace=PACE)
    uplink.start()
    try:
        yield outbox, uplink
    finally:
        assert uplink.stop()
        assert outbox.stop()


def announcements(hardware: str) -> Announcements:
    def birth(session: int, epoch: str) -> Birth:
        texts = dict.fromkeys(("version", "system", "python", "runtime"), "x")
        fields = {"session": session, "epoch": epoch, "ack": "manager", "points": (), "hardware": hardware, **texts}
        return Birth.model_validate(fields)

    def state() -> State:
        numbers = dict.fromkeys(("uptime_s", "spool_depth", "spool_age_s", "disk_free_bytes"), 0)
        fields = {"time": datetime.now(timezone.utc), "clk": ClockTrust.NONE, "points": (), **numbers}
        return State.model_validate(fields)

    return Announcements(birth, state)


def test_a_session_says_who_it_is_how_it_does_and_goodbye(tmp_path: Path) -> None:
    with broker(tmp_path) as port, ear(port) as heard:
        with station(tmp_path, port) as (outbox, _):
            assert json.loads(heard.next("status").payload) == {"status": "online", "session": 1}
            assert json.loads(heard.next("birth").payload)["epoch"] == outbox.epoch
            assert len(heard.next("state").payload) <= MAX_STATE_BYTES
            heard.next("state")
        assert json.loads(heard.next("status").payload) == {"status": "offline", "session": 1}


def test_status_birth_and_state_wait_for_who_comes_later(tmp_path: Path) -> None:
    with broker(tmp_path) as port, station(tmp_path, port) as (_, uplink):
        wait_for(lambda: uplink.counters.connected)
        with ear(port) as late:
            assert all(late.next(leaf).retain for leaf in ("status", "birth"))
            state = late.next("state")
            assert state.properties.MessageExpiryInterval <= 1


def test_alarms_are_retained_and_told_when_they_change(tmp_path: Path) -> None:
    conditions = Conditions(SystemClock().now)
    with broker(tmp_path) as port, ear(port) as heard, station(tmp_path, port, alarms=conditions.alarms):
        assert json.loads(heard.next("alarm/disk").payload)["active"] is False
        conditions.set(AlarmType.DISK, "room", "the disk is full")
        told = json.loads(heard.next("alarm/disk").payload)
        assert (told["active"], told["reason"], told["where"]) == (True, "the disk is full", ["room"])
        with ear(port) as late:
            kept = late.next("alarm/disk")
            assert (kept.retain, json.loads(kept.payload)["active"]) == (True, True)
        conditions.set(AlarmType.DISK, "room", None)
        assert json.loads(heard.next("alarm/disk").payload)["active"] is False


def test_a_station_that_dies_is_reported_by_its_will(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, "tests/system")
from pathlib import Path
from test_uplink import station
import time
with station(Path({str(tmp_path)!r}), PORT) as (outbox, uplink):
    time.sleep(60)
"""
    with broker(tmp_path) as port, ear(port) as heard:
        process = subprocess.Popen([sys.executable, "-c", script.replace("PORT", str(port))])
        try:
            assert json.loads(heard.next("status").payload)["status"] == "online"
        finally:
            process.kill()
            process.wait(10)
        began_s = time.monotonic()
        assert json.loads(heard.next("status").payload) == {"status": "offline", "session": 1}
        assert time.monotonic() - began_s > 5, "the will came without its delay of ten seconds"


def test_an_alert_stays_in_the_spool_until_the_manager_says_that_it_is_stored(tmp_path: Path) -> None:
    with broker(tmp_path) as port, ear(port) as heard, station(tmp_path, port) as (outbox, uplink):
        receipt = outbox.append(alert())
        first = json.loads(heard.next("alert").payload)
        assert json.loads(heard.next("alert").payload) == first, "silence must make it come again, unchanged"
        assert first["id"] == receipt.event_id
        assert outbox.depth().rows == 1
        heard.say("ack", b'{"epoch": "ffffffffffffffff", "seq": 1}')
        heard.say("ack", b"rubbish")
        wait_for(lambda: uplink.counters.bad_acks == 2)
        assert not outbox.drained(0)
        heard.say("ack", json.dumps({"epoch": outbox.epoch, "seq": 1}).encode())
        assert outbox.drained(PATIENCE_S)


def test_with_ack_by_broker_the_brokers_word_frees_in_order(tmp_path: Path) -> None:
    with broker(tmp_path) as port, ear(port) as heard, station(tmp_path, port, ack="broker") as (outbox, _):
        for _ in range(300):
            outbox.offer(alert())
        came = [json.loads(heard.next("alert").payload)["seq"] for _ in range(300)]
        assert sorted(came) == list(range(1, 301))  # what was offered before the session may come behind what is new
        assert outbox.drained(PATIENCE_S)


def test_with_ack_by_broker_an_alert_that_nobody_has_subscribed_to_waits_for_somebody(tmp_path: Path) -> None:
    with broker(tmp_path) as port, station(tmp_path, port, ack="broker") as (outbox, uplink):
        outbox.append(alert())
        wait_for(lambda: uplink.counters.unheard >= 1)
        assert outbox.depth().rows == 1
        with ear(port) as heard:
            assert json.loads(heard.next("alert").payload)["seq"] == 1
            assert outbox.drained(PATIENCE_S)


def test_after_an_outage_a_new_alert_is_heard_before_those_that_waited(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "spool", ADDRESS, SpoolLimits(8 << 20, 1 << 20), SystemClock(), window_s=0)
    outbox.start()
    for _ in range(40):
        outbox.append(alert())
    settings = UplinkSettings.model_validate({"host": "127.0.0.1", "port": free_port()})
    with broker(tmp_path, port=settings.port) as port, ear(port) as heard:
        rules = ResendRules(window=8, first_s=PATIENCE_S, backlog_per_s=1.0)
        uplink = Uplink(outbox, ADDRESS, settings, announcements("x"), pace=Pace(PACE.reconnect, rules))
        uplink.start()
        assert [json.loads(heard.next("alert").payload)["seq"] for _ in range(8)] == list(range(1, 9))
        for seq in (41, 42):
            outbox.append(alert())
            assert json.loads(heard.next("alert").payload)["seq"] == seq
        heard.say("ack", json.dumps({"epoch": outbox.epoch, "seq": 8}).encode())
        assert json.loads(heard.next("alert").payload)["seq"] == 9
        assert outbox.freed_through == 8
        assert uplink.stop()
    assert outbox.stop()


def test_the_listener_stores_shows_and_acknowledges(tmp_path: Path) -> None:
    with broker(tmp_path) as port, station(tmp_path, port) as (outbox, _):
        for number in range(50):
            outbox.offer(alert(part=f"part-{number}"))
        done = listen(port, tmp_path, "--json", "--count", "50")
        assert done.returncode == 0, done.stderr
        told = [json.loads(line)["data"]["part"] for line in done.stdout.splitlines()]
        # Who begins to listen while the first round is under way hears its end first, and the rest in the second.
        first = told.index("part-0")
        assert told[first:] + told[:first] == [f"part-{number}" for number in range(50)]
        assert "stored 50, lost: 0" in done.stderr
        assert outbox.drained(PATIENCE_S)


def listen(port: int, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    run = "from fleet_manager.cli import fleet; fleet()"
    where = ["--broker", f"127.0.0.1:{port}", "--store", str(folder / "alerts.sqlite")]
    return subprocess.run(
        [sys.executable, "-c", run, "listen", *where, *options], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_listener_that_may_not_hear_says_so(tmp_path: Path) -> None:
    with broker(tmp_path, "allow_anonymous false") as port:
        done = listen(port, tmp_path, "--quiet", "--give-up-after", "0")
        assert done.returncode != 0
        assert "check user, password and certificate" in done.stderr


def test_a_station_that_may_not_come_in_keeps_its_alerts_and_keeps_trying(tmp_path: Path) -> None:
    port = free_port()
    with station(tmp_path, port) as (outbox, uplink):
        outbox.append(alert())
        with broker(tmp_path, "allow_anonymous false", port=port):
            wait_for(lambda: "not authorised" in (tmp_path / "broker.log").read_text())
            assert uplink.counters.sessions == 0
        with broker(tmp_path, port=port), ear(port) as heard:
            assert json.loads(heard.next("alert").payload)["seq"] == 1


def test_an_announcement_over_its_limit_is_counted_and_harms_nothing(tmp_path: Path) -> None:
    with (
        broker(tmp_path) as port,
        ear(port) as heard,
        station(tmp_path, port, hardware="x" * 9000) as (outbox, uplink),
    ):
        outbox.append(alert())
        heard.next("alert")
        assert uplink.counters.too_large == 1


def test_a_missing_certificate_is_named_before_anything_starts(tmp_path: Path) -> None:
    settings = UplinkSettings(host="x", tls=Tls(ca="ca.pem"))
    with pytest.raises(BadInputError, match=r"ca\.pem: correct the path"):
        link_options(settings, ADDRESS, tmp_path)


@contextmanager
def old_broker(folder: Path) -> Iterator[int]:
    """A broker that speaks 3.1.1 alone: the embedded one."""
    pytest.importorskip("amqtt", reason="needs the embedded broker: pip install amqtt")
    port = free_port()
    script = f"""
import asyncio
from amqtt.broker import Broker
async def main():
    broker = Broker({{"listeners": {{"default": {{"type": "tcp", "bind": "127.0.0.1:{port}"}}}},
        "plugins": {{"amqtt.plugins.authentication.AnonymousAuthPlugin": {{"allow_anonymous": True}}}}}})
    await broker.start()
    await asyncio.Event().wait()
asyncio.run(main())
"""
    log = (folder / "old-broker.log").open("ab")
    with log:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port))
        yield port
    finally:
        process.kill()
        process.wait(10)


def test_a_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with old_broker(tmp_path) as port, station(tmp_path, port) as (outbox, _):
        for _ in range(20):
            outbox.offer(alert())
        store = opened_store(tmp_path / "alerts.sqlite")
        try:
            enough = _Flag()
            watcher = QuietWatcher(lambda _: None, enough.set, 20)
            options = BrokerOptions("127.0.0.1", port, store.client_id)
            Ingest(store, options, watcher, draw=lambda: 0.1).run(enough)
            assert ledger(store.engine)[0].stored == 20
        finally:
            store.close()
        assert outbox.drained(PATIENCE_S)
    said = [record.message for record in caplog.records if "3.1.1" in record.message]
    assert len(said) == 1


class _Flag:
    """Set when enough is stored; gives up when patience is over."""

    def __init__(self) -> None:
        self._until_s = time.monotonic() + PATIENCE_S
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set or time.monotonic() > self._until_s

    def wait(self, timeout: float) -> bool:
        time.sleep(min(timeout, 0.2))
        return self.is_set()
