"""Keeps an output open: one that its driver has lost is closed, and opened again after a wait that grows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_runtime.outputs.driver_time import DriverTime
from edge_runtime.outputs.output import PartGone

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.output import Order, Output, Shape
    from edge_runtime.outputs.output_counts import OutputCounts

_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class OutputConnection:
    """An output that may be lost in any call; called by one thread, its attributes may be read by any.

    Args:
        name: for the log.
        output: not yet open.
        counts: goes on counting there how often it was opened and lost.
        clock: monotonic.
        backoff: the waits between attempts to open.

    Attributes:
        lost: why it is not open, in the driver's words; None while it is.
    """

    def __init__(self, name: str, output: Output, counts: OutputCounts, clock: Clock, backoff: Backoff) -> None:
        self.lost: str | None = "it is not open yet"
        self._name = name
        self._output = output
        self._counts = counts
        self._clock = clock
        self._backoff = backoff
        self._open_at_ns = clock.now_ns()
        self._with_driver = DriverTime(clock)

    @property
    def hangs(self) -> str | None:
        """That a call does not come back, None while none does so."""
        return self._with_driver.hangs

    @property
    def shape(self) -> Shape:
        """The output's."""
        return self._output.shape

    @property
    def opens_in_s(self) -> float:
        """While it is lost: how long until it is opened again; negative when that is due."""
        return (self._open_at_ns - self._clock.now_ns()) / _NS_PER_S

    def open_if_due(self) -> bool:
        """Open it where it is lost and the wait is over; whether it was opened now."""
        if self.lost is None or self._clock.now_ns() < self._open_at_ns:
            return False
        try:
            self._output.open()
        except Exception as error:  # noqa: BLE001 - a driver's own exceptions; it is opened again
            self._note_loss(error)
            return False
        if self._counts.lost:
            _log.warning("output %s: open again", self._name)
        self._counts.opened += 1
        self.lost = None
        self._backoff.reset()
        return True

    def fire(self, order: Order) -> bool:
        """Say an order; False when the output was lost over it.

        Raises:
            PartGone: the part cannot be reached any more; the output is not lost.
        """
        return self._is_done(lambda: self._output.fire(order))

    def idle(self) -> bool:
        """Make it inactive; False when it is lost, or was lost over it."""
        return self.lost is None and self._is_done(self._output.idle)

    def close(self) -> None:
        """Close the output."""
        try:
            self._output.close()
        except Exception:  # noqa: BLE001 - an output that cannot be closed must still be opened again
            _log.exception("output %s: closing failed", self._name)

    def _is_done(self, action: Callable[[], object]) -> bool:
        try:
            with self._with_driver:
                action()
        except PartGone:
            raise
        except Exception as error:  # noqa: BLE001 - a driver's own exceptions; the output is opened again
            self._note_loss(error)
            return False
        return True

    def _note_loss(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self._counts.lost += 1
        if self.lost != reason:
            _log.error("output %s: %s", self._name, reason)
        self.lost = reason
        self.close()
        self._open_at_ns = self._clock.now_ns() + int(self._backoff.next_s() * _NS_PER_S)
