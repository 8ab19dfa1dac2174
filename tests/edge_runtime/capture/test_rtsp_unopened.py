"""A camera that says nothing is told apart from one that says no."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import RtspSource as RtspSettings
from edge_runtime.capture.rtsp import RtspSource
from edge_runtime.capture.source import SourceLost
from edge_runtime.clock import MonotonicClock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ear() -> Iterator[socket.socket]:
    """Takes each connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def opening(port: int) -> str:
    settings = RtspSettings(kind="rtsp", url=f"rtsp://127.0.0.1:{port}/cam", open_timeout_s=1.0)
    with pytest.raises(SourceLost) as refusal:
        RtspSource(settings, MonotonicClock(), threading.Event()).open()
    return str(refusal.value)


def test_a_camera_that_does_not_answer_is_called_silent(ear: socket.socket) -> None:
    assert "within 1 s, found silence; check the camera's power" in opening(ear.getsockname()[1])


def test_a_camera_that_refuses_is_not_called_silent(ear: socket.socket) -> None:
    port = ear.getsockname()[1]
    ear.close()
    assert "within 1 s, found none; check the camera's power" in opening(port)
