"""A clock that stands still until somebody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

NS_PER_S = 1_000_000_000
REAL_PATIENCE_S = 10.0


class FakeClock:
    """Waiting for an event that is not set jumps to the end of the wait.

    Args:
        answers: an event that must be set for real before a wait may run out; the other thread has begun then.
        patient: wait for the event for real, because another thread is about to set it.
    """

    def __init__(self, *, answers: threading.Event | None = None, patient: bool = False) -> None:
        self.time_ns = 1_000 * NS_PER_S
        self.waits_s: list[float] = []
        self._answers = answers
        self._patient = patient

    def now_ns(self) -> int:
        return self.time_ns

    def advance(self, seconds: float) -> None:
        self.time_ns += int(seconds * NS_PER_S)

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.waits_s.append(timeout_s)
        if self._answers is not None and not self._answers.wait(REAL_PATIENCE_S):
            raise AssertionError("the other thread never began")
        if self._patient and event.wait(REAL_PATIENCE_S):
            return True
        if not event.is_set():
            self.advance(max(timeout_s, 0.0))
        return event.is_set()
