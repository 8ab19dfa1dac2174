"""The thread that brings evidence to the disk, behind the alerts: a write that hangs costs pictures, never an alert.

A place in its line is reserved before a picture is held for it, so that the pictures in memory are bounded, encoded or
not, from the verdict until they are written.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.clock import Clock

PLACES: Final = 8
"""So many pieces of work may wait, each with a picture: 8 of 1920×1080 are 50 MB."""

_LAST_WRITE_SHARE: Final = 0.25
"""Of the time to stop: how much is left to the write that is going on when what waits is given up."""
_NS_PER_S: Final = 1_000_000_000
_log = logging.getLogger(__name__)


class EvidenceWriter(OwnThread):
    """Does one piece of work after the other; any thread may hand it some.

    Args:
        clock: monotonic.
        places: so many pieces of work may wait.
    """

    def __init__(self, clock: Clock, places: int = PLACES) -> None:
        super().__init__("evidence", "the evidence writer")
        self._clock, self._places = clock, places
        self._changed = threading.Condition()
        self._line: deque[Callable[[], object]] = deque()
        self._reserved = 0
        self._began_ns: int | None = None

    @property
    def busy_s(self) -> float:
        """How long the present write has taken until now; 0 where there is none."""
        began_ns = self._began_ns
        return 0.0 if began_ns is None else (self._clock.now_ns() - began_ns) / _NS_PER_S

    def reserve(self) -> bool:
        """Take a place for a picture; False when too many wait, or the writer ends."""
        with self._changed:
            is_free = self._reserved < self._places and not self._stop.is_set()
            self._reserved += is_free
            return is_free

    def release(self) -> None:
        """Give a reserved place back: nothing will be written."""
        with self._changed:
            self._reserved -= 1

    def write(self, work: Callable[[], object]) -> None:
        """Do this in turn, in a place that was reserved; returns at once."""
        with self._changed:
            self._line.append(work)
            self._changed.notify_all()

    def ask_to_stop(self) -> None:
        """Tell the thread to end with what waits now, without waiting."""
        super().ask_to_stop()
        with self._changed:
            self._changed.notify_all()

    def stop(self, timeout_s: float) -> bool:
        """Write what waits; what the disk does not take in this time is given up, and the log says how much it was."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(timeout_s * (1 - _LAST_WRITE_SHARE))
        with self._changed:
            given_up = len(self._line)
            self._line.clear()
        if given_up:
            _log.error("the evidence of %d verdicts was not written before the stop: the disk is slow", given_up)
        return super().stop(timeout_s * _LAST_WRITE_SHARE)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            self._do(work)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
            _log.exception("evidence failed")
        finally:
            self._began_ns = None
            self.release()

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next piece of work; None once the writer ends and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._stop.is_set())
            if not self._line:
                return None
            self._began_ns = self._clock.now_ns()
            return self._line.popleft()
