"""The uplink where the way to the broker is not as it should be."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from edge_contracts.device import Birth, State, Status
from edge_contracts.message import ClockTrust
from edge_contracts.reconnect import FullJitter
from edge_contracts.station import Uplink as UplinkSettings
from edge_runtime.outbox.outbox import Outbox
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.uplink import uplink as module
from edge_runtime.uplink.mqtt_link import LinkLost, Will
from edge_runtime.uplink.uplink import MOST_UNASKED, Announcements, Pace, Uplink
from tests.fakes.letters import ADDRESS, HandClock
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


PATIENCE_S = 10.0


def announcements() -> Announcements:
    def birth(session: int, epoch: str) -> Birth:
        texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
        return Birth.model_validate({"session": session, "epoch": epoch, "ack": "manager", "points": (), **texts})

    def state() -> State:
        numbers = dict.fromkeys(("uptime_s", "spool_depth", "spool_age_s", "disk_free_bytes"), 0)
        now = datetime.now(timezone.utc)
        return State.model_validate({"time": now, "clk": ClockTrust.NONE, "points": (), **numbers})

    return Announcements(birth, state)


def test_a_name_server_that_hangs_is_an_answer_of_stopping_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        asked.set()
        answer.wait(PATIENCE_S)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    box = Outbox(tmp_path / "s", ADDRESS, SpoolLimits(8 << 20, 1 << 20), HandClock(), window_s=0)
    box.start()
    settings = UplinkSettings(host="broker.plant")
    uplink = Uplink(box, ADDRESS, settings, announcements(), pace=Pace(FullJitter(0.01, 0.01)))
    uplink.start()
    assert asked.wait(PATIENCE_S)
    with caplog.at_level(logging.ERROR):
        assert uplink.stop(0.05) is False
    assert "busy with broker.plant" in caplog.text
    answer.set()
    assert uplink.stop(PATIENCE_S) is True
    assert uplink.stop(PATIENCE_S) is True
    assert box.stop(PATIENCE_S)


def test_each_sessions_will_and_greeting_have_its_own_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wills: list[int] = []
    greetings: list[int] = []

    class DyingLink:
        def __init__(self, options: object, version: object, will: Will, events: object) -> None:
            del options, version, events
            wills.append(Status.model_validate_json(will.body).session)

        def publish(self, topic: str, body: bytes, **_: object) -> int:
            if topic.endswith("/status"):
                greetings.append(Status.model_validate_json(body).session)
            return 1

        def turn(self, *_: object) -> None:
            raise LinkLost("the cable was pulled")

        def open(self, _monotonic_s: object) -> None: ...
        def subscribe(self, _topic: str, qos: int = 0) -> None: ...
        def close(self, *, politely: bool) -> None: ...

    monkeypatch.setattr(module, "MqttLink", DyingLink)
    box = Outbox(tmp_path / "s", ADDRESS, SpoolLimits(8 << 20, 1 << 20), HandClock(), window_s=0)
    box.start()
    uplink = Uplink(
        box, ADDRESS, UplinkSettings(host="broker.plant"), announcements(), pace=Pace(FullJitter(0.01, 0.01))
    )
    uplink.start()
    eventually(lambda: len(greetings) >= 3)
    assert uplink.stop(PATIENCE_S)
    assert box.stop(PATIENCE_S)
    assert wills[:3] == greetings[:3] == [1, 2, 3]


def test_a_password_without_tls_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "password").write_text("secret\n")
    box = Outbox(tmp_path / "s", ADDRESS, SpoolLimits(8 << 20, 1 << 20), HandClock(), window_s=0)
    box.start()
    words = {"host": "127.0.0.1", "port": 1, "username": "line", "password_file": "password"}
    settings = UplinkSettings.model_validate(words)
    uplink = Uplink(box, ADDRESS, settings, announcements(), folder=tmp_path, pace=Pace(FullJitter(0.01, 0.01)))
    uplink.start()
    assert uplink.stop(PATIENCE_S)
    assert box.stop(PATIENCE_S)
    assert caplog.text.count("in plain text") == 1
    assert "secret" not in caplog.text


def test_what_was_not_asked_for_is_told_once_per_topic(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    box = Outbox(tmp_path / "s", ADDRESS, SpoolLimits(8 << 20, 1 << 20), HandClock(), window_s=0)
    box.start()
    uplink = Uplink(box, ADDRESS, UplinkSettings(host="broker.plant"), announcements())
    for _ in range(3):
        uplink.message(ADDRESS.topic("birth"), b"{}", retained=True)
    for number in range(100):
        uplink.message(f"lepton/1/strange/{number}", b"{}", retained=True)
    told = [line for line in caplog.messages if "was not asked for" in line]
    assert told[0] == f"a message on {ADDRESS.topic('birth')} was not asked for"
    assert len(told) == len(set(told)) == MOST_UNASKED
    assert box.stop(PATIENCE_S)
