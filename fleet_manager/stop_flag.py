"""Ending by SIGINT and SIGTERM: a flag that a signal handler may set, and a block in which it is set."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SLICE_S: Final = 0.1


class StopFlag:
    """A `threading.Event` takes a lock that its own waiter may hold just then; this takes none."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Stop."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._is_set

    def wait(self, timeout: float) -> bool:
        """Wait until it is set, or so many seconds; whether it is set."""
        deadline_s = time.monotonic() + timeout
        while not self._is_set and (left_s := deadline_s - time.monotonic()) > 0:
            time.sleep(min(left_s, _SLICE_S))
        return self._is_set


@contextmanager
def stopped_by_signals(stop: StopFlag) -> Iterator[None]:
    """Set the flag at SIGINT and SIGTERM, inside the block."""

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
