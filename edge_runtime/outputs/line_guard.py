"""Whether the line may run: every required output is there, no part was lost at a gate, the daemon is alive.

What cannot be told to a part in time is told to the line: the stop outputs fire, and the run signal is dropped.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.clock import Clock

ALIVE_S = 3.0
"""How old the daemon's last sign of life may be."""
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class Watched(Protocol):
    """An output that the line depends on; `edge_runtime.outputs.actuator.Actuator` is one."""

    name: str

    @property
    def lost(self) -> str | None:
        """Why it cannot be driven, None while it can."""
        ...

    def overdue(self, now_ns: int) -> list[str]:
        """Which further parts that must not pass went by untold, and why; each is said once."""
        ...


class LineGuard:
    """One for all outputs of a station; may be asked from any thread.

    Args:
        clock: monotonic.
    """

    def __init__(self, clock: Clock) -> None:
        self.stops = 0
        self.last_stop: str | None = None
        self._clock = clock
        self._watched: list[Watched] = []
        self._stop_outputs: list[Callable[[str], None]] = []
        self._stopped_at_ns: int | None = None
        self._alive_at_ns: int | None = None
        self._ended = False
        self._lock = threading.Lock()

    def watch(self, output: Watched) -> None:
        """The line depends on this output."""
        self._watched.append(output)

    def tell(self, stop_output: Callable[[str], None]) -> None:
        """This is told the reason of each stop; returns at once."""
        self._stop_outputs.append(stop_output)

    def sign_of_life(self) -> None:
        """Every loop of the daemon makes progress."""
        self._alive_at_ns = self._clock.now_ns()

    def end(self) -> None:
        """The daemon stops: the line must not run without it."""
        self._ended = True

    def call_stop(self, reason: str, level: int = logging.CRITICAL) -> None:
        """A part that must not pass could not be told.

        Args:
            reason: for the log, the alarm and the stop outputs.
            level: of the line in the log; lower where it was told before why.
        """
        with self._lock:
            self.stops += 1
            self.last_stop = reason
            self._stopped_at_ns = self._clock.now_ns()
        _log.log(level, "the line is told to stop: %s", reason)
        for stop_output in self._stop_outputs:
            stop_output(reason)

    def look(self) -> None:
        """Find parts that went by because their output hangs."""
        now_ns = self._clock.now_ns()
        for output in self._watched:
            for part in output.overdue(now_ns):
                self.call_stop(f"output {output.name} could not be told of {part}")

    def stopped(self, within_s: float) -> str | None:
        """Why the last stop was called, None when it was not so lately."""
        at_ns = self._stopped_at_ns
        lately = at_ns is not None and self._clock.now_ns() - at_ns < within_s * _NS_PER_S
        return self.last_stop if lately else None

    def why_not(self, hold_s: float) -> str | None:
        """Why the line must not run, None when it may.

        Args:
            hold_s: how long a stop counts.
        """
        now_ns = self._clock.now_ns()
        if self._ended:
            return "the daemon stops"
        if self._alive_at_ns is None or now_ns - self._alive_at_ns > ALIVE_S * _NS_PER_S:
            return "the daemon gives no sign of life"
        if (reason := self.stopped(hold_s)) is not None:
            return reason
        return next((f"output {one.name}: {reason}" for one in self._watched if (reason := one.lost)), None)
