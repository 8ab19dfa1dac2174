from __future__ import annotations

import socket
import urllib.request
from typing import TYPE_CHECKING, Any

from edge_contracts.station import Web
from edge_runtime.clock import MonotonicClock
from edge_runtime.web.server import WebServer
from tests.fakes.web import free_port

if TYPE_CHECKING:
    import threading

    import pytest


class NoPatience(MonotonicClock):
    """Does not wait between attempts."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return super().wait(event, min(timeout_s, 0.01))


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_server_that_dies_is_counted_and_started_anew(caplog: pytest.LogCaptureFixture) -> None:
    built = []

    def build() -> Any:
        built.append(1)
        if len(built) < 3:
            raise RuntimeError("no page today")
        return hello

    port = free_port()
    server = WebServer(Web(port=port), build, NoPatience())
    server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert answer.read() == b"hello"
    except OSError:
        assert server.wait_until_listening(10)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert answer.read() == b"hello"
    finally:
        assert server.stop(10)
    assert server.crashes == 2
    assert "inspection goes on" in caplog.text


def test_a_port_that_is_taken_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = WebServer(Web(port=other.getsockname()[1]), lambda: hello, NoPatience())
        server.start()
        while not server.crashes:
            assert not server.wait_until_listening(0.01)
    assert server.wait_until_listening(10)
    assert server.stop(10)
    assert "is another program on port" in caplog.text


def test_a_server_that_never_started_stops() -> None:
    assert WebServer(Web(port=1), lambda: hello, MonotonicClock()).stop(1)
