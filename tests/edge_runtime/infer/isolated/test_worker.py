"""A worker answers where it may not change its own priority: systemd's @resources forbids that."""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import TYPE_CHECKING

from converters.tflite import write_tflite
from edge_runtime.infer.isolated.link import DATAGRAM_MAX
from edge_runtime.infer.isolated.worker import Wish, serve
from tests.fakes.models import brightness_graph

if TYPE_CHECKING:
    import pytest


def forbidden(_niceness: int) -> int:
    raise PermissionError(1, "Operation not permitted")


def told(monkeypatch: pytest.MonkeyPatch, niceness: int) -> bytes:
    """What a worker says first."""
    monkeypatch.setattr(os, "nice", forbidden)
    model = os.memfd_create("model")
    os.write(model, write_tflite(brightness_graph()))
    os.lseek(model, 0, os.SEEK_SET)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wish = Wish("tflite", "litert", 1, "default", niceness)
    thread = threading.Thread(target=serve, args=(theirs, model, wish))
    thread.start()
    with theirs:
        message, descriptors, _, _ = socket.recv_fds(ours, DATAGRAM_MAX, 1)
        ours.close()
        thread.join(10)
    for descriptor in descriptors:
        os.close(descriptor)
    return message


def test_a_worker_that_keeps_its_priority_needs_no_right_to_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(told(monkeypatch, 0))["runtime"] == "litert"


def test_a_worker_that_may_not_stand_back_answers_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(told(monkeypatch, 5))["runtime"] == "litert"
