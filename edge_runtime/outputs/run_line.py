"""A signal that is active only while the line may run, in a thread of its own.

A level can outlive the process that set it: on many chips a pin keeps its last state. So it may beat instead; whoever
listens stops the line when the beat stops, whatever the reason.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_runtime.outputs.driver_time import DriverTime
from edge_runtime.outputs.output import Order
from edge_runtime.outputs.output_counts import OutputCounts
from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.line_guard import LineGuard
    from edge_runtime.outputs.output import Output

LOOK_S = 0.05
"""How soon a reason to stop is seen."""
AGAIN_S = 1.0
"""A signal that does not beat is said again so often, so that a device which has forgotten it hears it."""
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class RunLine(OwnThread):
    """One run signal and its thread, which drops it when it is stopped.

    Args:
        name: for the thread and the log.
        output: not yet open; used by this thread alone after `start`.
        guard: says whether the line may run.
        clock: monotonic.
        backoff: the waits between attempts to open.
        beat_s: it changes at this pace while the line may run; 0: it stays active.
        hold_s: how long it is dropped after a stop.
    """

    def __init__(
        self,
        name: str,
        output: Output,
        guard: LineGuard,
        clock: Clock,
        backoff: Backoff,
        *,
        beat_s: float = 0.0,
        hold_s: float = 2.0,
    ) -> None:
        super().__init__(f"output-{name}", f"output {name}")
        self.name = name
        self.counts = OutputCounts()
        self._lost: str | None = "it is not open yet"
        self._output = output
        self._guard = guard
        self._clock = clock
        self._backoff = backoff
        self._with_driver = DriverTime(clock)
        self._beat_s, self._hold_s = beat_s, hold_s
        self._active = False
        self._why_not: str | None = "it was not asked yet"
        self._open_at_ns = self._next_ns = clock.now_ns()

    @property
    def lost(self) -> str | None:
        """Why the signal cannot be driven, None while it can."""
        return self._lost or self._with_driver.hangs

    @property
    def is_active(self) -> bool:
        """Whether the last that was said is that the line may run; between two beats it is not."""
        return self._active

    def turn(self) -> float:
        """Say what is to be said; how long to wait then, in seconds. Called by the thread, or by a test."""
        why_not = self._guard.why_not(self._hold_s)
        if why_not != self._why_not:
            _log.warning("output %s: %s", self.name, f"the line must not run: {why_not}" if why_not else "it may run")
        self._why_not = why_not
        try:
            with self._with_driver:
                self._say(may_run=why_not is None)
        except Exception as error:  # noqa: BLE001 - a driver's own exceptions; the output is opened again
            self._note_loss(error)
        return min(LOOK_S, self._beat_s or LOOK_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            wait_s = self.turn()
            self._clock.wait(self._stop, wait_s)
        self._close()

    def _say(self, *, may_run: bool) -> None:
        now_ns = self._clock.now_ns()
        if self._lost is not None:
            if now_ns < self._open_at_ns:
                return
            self._output.open()
            self.counts.opened += 1
            self._lost, self._active, self._next_ns = None, False, now_ns
            self._backoff.reset()
        if not may_run:
            self._drop(now_ns)
        elif now_ns >= self._next_ns:
            self._beat(now_ns)

    def _drop(self, now_ns: int) -> None:
        if self._active or now_ns >= self._next_ns:
            self._output.idle()
            self._next_ns = now_ns + int(AGAIN_S * _NS_PER_S)
        self._active = False

    def _beat(self, now_ns: int) -> None:
        if self._active and self._beat_s:
            self._output.idle()
            self._active = False
        else:
            self.counts.fired += 1
            self._output.fire(Order(None, "", "", "run", "the line may run", self.counts.fired))
            self._active = True
        self._next_ns = now_ns + int((self._beat_s or AGAIN_S) * _NS_PER_S)

    def _note_loss(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self.counts.lost += 1
        if self._lost != reason:
            _log.error("output %s: %s", self.name, reason)
        self._lost = reason
        self._close()
        self._open_at_ns = self._clock.now_ns() + int(self._backoff.next_s() * _NS_PER_S)

    def _close(self) -> None:
        try:
            self._output.close()
        except Exception:  # noqa: BLE001 - an output that cannot be closed must still be opened again
            _log.exception("output %s: closing failed", self.name)
