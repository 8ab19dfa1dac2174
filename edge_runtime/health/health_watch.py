"""The one thread that looks after the station beside the inspection, a few times a minute."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_runtime.clock import Clock

_log = logging.getLogger(__name__)


class HealthWatch(OwnThread):
    """Does its rounds in a thread; a round that fails is told once, counted, and keeps no other from being done.

    Args:
        rounds: what is done each period, in this order.
        clock: monotonic.
        period_s: from one to the next.
    """

    def __init__(self, rounds: Sequence[Callable[[], object]], clock: Clock, period_s: float) -> None:
        super().__init__("health", "the health watch")
        self.faults = 0
        self._rounds = tuple(rounds)
        self._clock, self._period_s = clock, period_s
        self._failing: set[int] = set()

    def make_rounds(self) -> None:
        """Each round once; for the thread, and for tests without it."""
        for number, one in enumerate(self._rounds):
            self._make(number, one)

    def _make(self, number: int, one: Callable[[], object]) -> None:
        try:
            one()
        except Exception:  # noqa: BLE001 - the stage loop: a file of the kernel's may hold anything
            self.faults += 1
            if number not in self._failing:
                _log.exception("a round of the health watch failed; it is tried again")
            self._failing.add(number)
        else:
            self._failing.discard(number)

    def _run(self) -> None:
        self.make_rounds()
        while not self._clock.wait(self._stop, self._period_s):
            self.make_rounds()
