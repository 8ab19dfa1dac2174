"""The uplink where the way to the broker is not as it should be."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.ack import Ack
from edge_contracts.device import Birth, State, Status
from edge_contracts.message import ClockTrust
from edge_contracts.reconnect import FullJitter
from edge_contracts.station import Uplink as UplinkSettings
from edge_runtime.outbox import lasting_spool
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink import uplink as module
from edge_runtime.uplink.mqtt_link import LinkLost, ProtocolRefused, Will
from edge_runtime.uplink.uplink import MOST_UNASKED, Announcements, Pace, Uplink
from tests.fakes.letters import ADDRESS, HandClock, alert
from tests.fakes.old_broker import REFUSED_AS_NEW, old_broker
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PATIENCE_S = 10.0
QUICK = Pace(FullJitter(0.01, 0.01))


def announcements() -> Announcements:
    def birth(session: int, epoch: str) -> Birth:
        texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
        return Birth.model_validate({"session": session, "epoch": epoch, "ack": "manager", "points": (), **texts})

    def state() -> State:
        numbers = dict.fromkeys(("uptime_s", "spool_depth", "spool_age_s", "disk_free_bytes"), 0)
        now = datetime.now(timezone.utc)
        return State.model_validate({"time": now, "clk": ClockTrust.NONE, "points": (), **numbers})

    return Announcements(birth, state)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    """A spool that an uplink empties; nothing of the uplinks holds it at the end."""
    made = Outbox(tmp_path / "s", ADDRESS, SpoolLimits(8 << 20, 1 << 20), HandClock(), window_s=0)
    made.start()
    yield made
    assert made.stop(PATIENCE_S)


def uplink_of(box: Outbox, host: str = "broker.plant", after: Uplink | None = None, port: int = 1883) -> Uplink:
    settings = UplinkSettings(host=host, port=port)
    return Uplink(box, ADDRESS, settings, announcements(), after=after, pace=QUICK)


class QuietLink:
    """A link that connects at once and to which nothing is said."""

    def __init__(self, *_: object) -> None: ...

    def publish(self, topic: str, body: bytes, **_: object) -> int:
        del topic, body
        return 1

    def is_confirmed(self, _: int) -> bool:
        return True

    def open(self, *_: object) -> None: ...
    def turn(self, *_: object) -> None: ...
    def subscribe(self, _topic: str, qos: int = 0) -> None: ...
    def close(self, *, politely: bool) -> None: ...


def name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Whether it was asked, and whether it may say that it knows no name."""
    asked, answer = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        asked.set()
        answer.wait(PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    return asked, answer


def test_a_name_server_that_hangs_is_an_answer_of_stopping_not_an_error(
    box: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, answer = name_server_that_hangs(monkeypatch)
    uplink = uplink_of(box)
    uplink.start()
    assert asked.wait(PATIENCE_S)
    with caplog.at_level(logging.ERROR):
        assert uplink.stop(0.05) is False
    assert "busy with broker.plant" in caplog.text
    answer.set()
    assert uplink.stop(PATIENCE_S) is True
    assert uplink.stop(PATIENCE_S) is True


def test_each_sessions_will_and_greeting_have_its_own_number(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    wills: list[int] = []
    greetings: list[int] = []

    class DyingLink(QuietLink):
        def __init__(self, options: object, version: object, will: Will, events: object) -> None:
            del options, version, events
            wills.append(Status.model_validate_json(will.body).session)

        def publish(self, topic: str, body: bytes, **_: object) -> int:
            if topic.endswith("/status"):
                greetings.append(Status.model_validate_json(body).session)
            return 1

        def turn(self, *_: object) -> None:
            raise LinkLost("the cable was pulled")

    monkeypatch.setattr(module, "MqttLink", DyingLink)
    uplink = uplink_of(box)
    uplink.start()
    eventually(lambda: len(greetings) >= 3)
    assert uplink.stop(PATIENCE_S)
    assert wills[:3] == greetings[:3] == [1, 2, 3]


def test_a_broker_of_another_version_is_told_with_the_setting_that_offers_both(
    box: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    with old_broker(REFUSED_AS_NEW) as port:
        settings = UplinkSettings(host="127.0.0.1", port=port, mqtt="5")
        uplink = Uplink(box, ADDRESS, settings, announcements(), pace=QUICK)
        uplink.start()
        eventually(lambda: "alerts wait in the spool" in caplog.text)
        assert uplink.stop(PATIENCE_S)
    assert 'does not speak MQTT 5 (mqtt = "auto" offers the other version, too); alerts wait' in caplog.text


def test_each_loss_in_other_words_is_a_warning_and_none_is_one_twice(
    box: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    down, old = LinkLost("Connection refused"), ProtocolRefused("the broker does not speak MQTT 5")
    left = [down, down, old, old, down, LinkLost("Not authorized"), old]

    class LostLink(QuietLink):
        def open(self, *_: object) -> None:
            if left:
                raise left.pop(0)

    monkeypatch.setattr(module, "MqttLink", LostLink)
    settings = UplinkSettings(host="broker.plant", mqtt="5")
    uplink = Uplink(box, ADDRESS, settings, announcements(), pace=QUICK)
    uplink.start()
    eventually(lambda: uplink.counters.sessions)
    assert uplink.stop(PATIENCE_S)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "Connection refused; alerts wait in the spool, trying again",
        'the broker does not speak MQTT 5 (mqtt = "auto" offers the other version, too); '
        "alerts wait in the spool, trying again",
        "Not authorized; alerts wait in the spool, trying again",
    ]


def test_a_password_without_tls_is_said_once(box: Outbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "password").write_text("secret\n")
    words = {"host": "127.0.0.1", "port": 1, "username": "line", "password_file": "password"}
    settings = UplinkSettings.model_validate(words)
    uplink = Uplink(box, ADDRESS, settings, announcements(), folder=tmp_path, pace=QUICK)
    uplink.start()
    assert uplink.stop(PATIENCE_S)
    assert caplog.text.count("in plain text") == 1
    assert "secret" not in caplog.text


def test_what_was_not_asked_for_is_told_once_per_topic(box: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    uplink = uplink_of(box)
    for _ in range(3):
        uplink.message(ADDRESS.topic("birth"), b"{}", retained=True)
    for number in range(100):
        uplink.message(f"lepton/1/strange/{number}", b"{}", retained=True)
    told = [line for line in caplog.messages if "was not asked for" in line]
    assert told[0] == f"a message on {ADDRESS.topic('birth')} was not asked for"
    assert len(told) == len(set(told)) == MOST_UNASKED


def test_an_uplink_that_was_given_up_over_a_look_up_says_nothing_when_the_answer_comes(
    box: Outbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, answer, look_up = threading.Event(), threading.Event(), socket.getaddrinfo

    def hang(host: str, *more: Any, **named: Any) -> Any:
        if host == "broker.plant":
            asked.set()
            answer.wait(PATIENCE_S)
        return look_up("127.0.0.1", *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(module, "HANDOVER_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as broker, socket.create_server(("127.0.0.1", 0)) as new_broker:
        old = uplink_of(box, "broker.plant", port=broker.getsockname()[1])
        old.start()
        assert asked.wait(PATIENCE_S)
        old.ask_to_stop()
        new = uplink_of(box, "127.0.0.1", old, new_broker.getsockname()[1])
        new.start()
        connection, _ = new_broker.accept()
        assert "busy with broker.plant: left alone" in caplog.text
        answer.set()
        late, _ = broker.accept()
        late.settimeout(PATIENCE_S)
        assert late.recv(1) == b"", "not one byte, and closed"
        eventually(lambda: not old.running)
        assert box.stop(PATIENCE_S), "nothing of the old one holds the spool"
        assert new.stop(PATIENCE_S)
        late.close()
        connection.close()


def slow_farewells(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[list[tuple[int, str]], threading.Event, threading.Event]:
    """Links that connect at once: what they told of sessions, whether one says farewell, and whether it may end so."""
    told: list[tuple[int, str]] = []
    may_end, is_leaving = threading.Event(), threading.Event()

    class SlowFarewell(QuietLink):
        def publish(self, topic: str, body: bytes, **_: object) -> int:
            if topic.endswith("/status"):
                status = Status.model_validate_json(body)
                told.append((status.session, status.status.value))
            return 1

        def is_confirmed(self, _: int) -> bool:
            is_leaving.set()
            assert may_end.wait(PATIENCE_S)
            return True

    monkeypatch.setattr(module, "MqttLink", SlowFarewell)
    return told, is_leaving, may_end


def test_an_uplink_greets_only_after_the_farewell_of_the_one_before(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, is_leaving, may_end = slow_farewells(monkeypatch)
    old = uplink_of(box)
    old.start()
    eventually(lambda: told)
    old.ask_to_stop()
    assert is_leaving.wait(PATIENCE_S)
    new = uplink_of(box, after=old)
    new.start()
    threading.Event().wait(0.2)
    assert told == [(1, "online"), (1, "offline")]
    may_end.set()
    eventually(lambda: len(told) >= 3)
    assert told[2] == (2, "online")
    assert box._listener == new._wake, "the old one's end takes nothing from the new one"
    assert new.stop(PATIENCE_S)


def test_an_uplink_waits_for_a_farewell_over_one_that_was_stopped_before_it_greeted(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, is_leaving, may_end = slow_farewells(monkeypatch)
    first = uplink_of(box)
    first.start()
    eventually(lambda: told)
    first.ask_to_stop()
    assert is_leaving.wait(PATIENCE_S)
    second = uplink_of(box, after=first)
    second.start()
    second.ask_to_stop()
    eventually(lambda: not second.running)
    third = uplink_of(box, after=second)
    third.start()
    threading.Event().wait(0.2)
    assert told == [(1, "online"), (1, "offline")]
    may_end.set()
    eventually(lambda: len(told) >= 3)
    assert told[2] == (2, "online")
    assert third.stop(PATIENCE_S)
    assert not first.running


def test_what_is_told_beside_the_rows_is_told_while_a_commit_hangs_and_acknowledgements_come(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting_spool, "_ANSWER_S", 0.01)
    told: list[str] = []

    class AnsweringLink(QuietLink):
        def publish(self, topic: str, _: bytes, **__: object) -> int:
            told.append(topic)
            return 1

        def turn(self, *_: object) -> None:
            uplink.message(ADDRESS.topic("ack"), Ack(epoch=box.epoch, seq=1).model_dump_json().encode(), retained=False)

    monkeypatch.setattr(module, "MqttLink", AnsweringLink)
    uplink = uplink_of(box)
    uplink.start()
    eventually(lambda: told)
    with box._spool.lock:
        told.clear()
        uplink.announce_again()
        eventually(lambda: ADDRESS.topic("birth") in told)
    box.append(alert())
    eventually(lambda: ADDRESS.topic("alert") in told)
    eventually(lambda: box.freed_through == 1)
    assert uplink.stop(PATIENCE_S)


def test_an_uplink_that_stops_while_it_waits_for_the_one_before_waits_for_both(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = name_server_that_hangs(monkeypatch)
    old = uplink_of(box)
    old.start()
    assert asked.wait(PATIENCE_S)
    old.ask_to_stop()
    new = uplink_of(box, after=old)
    new.start()
    assert not new.stop(0.2)
    assert not new.running
    answer.set()
    assert new.stop(PATIENCE_S)
    assert not old.running
