"""Waiting for another thread or process, in real time and with an end."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 10.0
_LOOK_S = 0.005


def eventually(is_done: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return as soon as it is done."""
    never = threading.Event()
    for _ in range(int(patience_s / _LOOK_S)):
        if is_done():
            return
        never.wait(_LOOK_S)
    raise AssertionError("it did not happen in time")


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
