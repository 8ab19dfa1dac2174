"""Time as an argument: monotonic, because a board without a real-time clock may jump by years."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Clock(Protocol):
    """What the stages ask of time."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait until `event` is set, at most `timeout_s`; True when it is set."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    @staticmethod
    def now_ns() -> int:
        """Monotonic nanoseconds since an arbitrary start."""
        return time.monotonic_ns()

    @staticmethod
    def wait(event: threading.Event, timeout_s: float) -> bool:
        """Wait until `event` is set, at most `timeout_s` seconds; True when it is set."""
        return event.wait(max(timeout_s, 0.0))
