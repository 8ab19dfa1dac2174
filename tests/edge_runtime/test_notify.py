from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from edge_runtime.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A service manager's socket and the address that it hands out."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@lepton-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name if request.param == "path" else "\0" + name[1:])
        listening.settimeout(10)
        yield name, listening


def test_ready_alive_and_stopping_are_one_datagram_each(manager: tuple[str, socket.socket]) -> None:
    address, listening = manager
    notifier = Notifier(address)
    notifier.ready("inspecting")
    notifier.alive("3 good")
    notifier.stopping()
    assert [listening.recv(1024) for _ in range(3)] == [
        b"READY=1\nSTATUS=inspecting",
        b"WATCHDOG=1\nSTATUS=3 good",
        b"STOPPING=1",
    ]


def test_without_a_service_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket, "socket", lambda *given: opened.append(given))
    notifier = Notifier.from_environment({})
    notifier.ready("inspecting")
    notifier.alive("3 good")
    notifier.stopping()
    assert opened == []


def test_a_manager_that_is_gone_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier(str(tmp_path / "gone")).stopping()
    assert "STOPPING=1" in caplog.text


@pytest.mark.parametrize(("environment", "seconds"), [
    ({"WATCHDOG_USEC": "4000000"}, 4.0),
    ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 4.0),
    ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, None),
    ({"WATCHDOG_USEC": "soon"}, None),
    ({}, None),
])  # fmt: skip
def test_the_watchdog_is_read_from_the_environment(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier.from_environment(environment).watchdog_s == seconds
