"""Looks at the camera's pictures while a part is judged, so that none crosses unseen meanwhile.

A presence trigger that is asked only between two parts sees no picture while the model works, and the parts in them are
gone without a trace. Here it runs in a thread of its own, and what it calls for waits, with its picture, for its turn.
What cannot be judged in time is not inspected, but its turn ends in an unknown: none is lost unsaid.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_contracts.verdict import Cause
from edge_runtime.occasion import Ailment, Occasion
from edge_runtime.own_thread import OwnThread
from edge_runtime.trigger.backlog import TOLD_MAX, BacklogCounts
from edge_runtime.trigger.deadline_rule import DeadlineRule

if TYPE_CHECKING:
    from edge_runtime.clock import Clock
    from edge_runtime.trigger.triggers import Trigger

MOST: Final = 4
"""Pictures that may wait while one is judged: so much memory, and no more."""
_POLL_S: Final = 0.2
_log = logging.getLogger(__name__)


class Crossings(OwnThread):
    """A trigger that runs another ahead of the loop; to be started before `next` is called.

    Where the other hangs, `next` does not return either, and the loop is found stuck as if it had asked itself.

    Args:
        name: the inspection point.
        trigger: calls for the inspections; used by this thread alone.
        clock: monotonic.
        within_s: from a part's trigger to the model's answer, at most.
        max_age_s: from the capture of a part's picture to its turn, at most.
        may_wait: whether a part can be judged that had to wait; not where a model has a live source of its own, which
            shows another part by then.

    Attributes:
        counts: what was called for, and what of it could not be inspected.
    """

    def __init__(
        self,
        name: str,
        trigger: Trigger,
        clock: Clock,
        *,
        within_s: float,
        max_age_s: float,
        may_wait: bool = True,
    ) -> None:
        super().__init__(f"watch-{name}", f"{name}: the presence trigger")
        self.counts = BacklogCounts()
        self._trigger = trigger
        self._clock = clock
        self._rule = DeadlineRule(within_s=within_s, max_age_s=max_age_s, may_wait=may_wait)
        self._line: deque[Occasion] = deque()
        self._fault: Exception | None = None
        self._faults = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._waits = threading.Event()  # a part or a fault
        self._has_looked = False  # since the loop asked last: no part came, and the thread does not hang

    def next(self) -> Occasion | None:
        """The occasion whose turn it is.

        Raises:
            Exception: the other trigger's own.
        """
        self._rule.end(self._clock.now_ns())
        while not self._clock.wait(self._waits, _POLL_S) and not self._has_looked and not self._stop.is_set():
            pass
        self._has_looked = False
        occasion, fault = self._take()
        if fault is not None:
            raise fault
        return None if occasion is None else self._in_time(occasion)

    def leftovers(self) -> list[Occasion]:
        """Look no more; a missed part for each that waited."""
        self.ask_to_stop()
        with self._lock:
            self._is_closed = True
            left, fault = tuple(self._line), self._fault
            self._line.clear()
        if fault is not None:
            _log.error("%s failed", self._title, exc_info=fault)
        reason = "its point was stopped or reloaded while it waited for its inspection"
        return [one if one.ailment else self._missed(replace(one, reading=None), reason) for one in left]

    def look(self) -> None:
        """One step of the other trigger; what it calls for is put into the line."""
        try:
            occasion = self._trigger.next()
            if occasion is not None:
                self._add(occasion)
        except Exception as error:  # noqa: BLE001 - a part may have passed unseen: the loop tells it
            self._note_fault(error)
            self._clock.wait(self._stop, _POLL_S)
        self._has_looked = True

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()

    def _add(self, occasion: Occasion) -> None:
        with self._lock:
            self.counts.announced += 1
            waiting = len(self._line)
            if not self._is_closed and waiting < TOLD_MAX:
                is_crowded = occasion.reading is not None and self._pictures() >= MOST
                self._line.append(self._crowded_out(occasion) if is_crowded else occasion)
                self._waits.set()
                return
            self.counts.missed += 1
            self.counts.untold += 1
        _log.warning("a part came that is not inspected: %d wait, or the point ends", waiting)

    def _pictures(self) -> int:
        """How many wait; under the lock."""
        return sum(one.reading is not None for one in self._line)

    def _crowded_out(self, occasion: Occasion) -> Occasion:
        without = replace(occasion, reading=None)
        if without.ailment is not None:
            return without
        return self._missed(without, f"wanted at most {MOST} parts waiting for their inspection, found one more")

    def _note_fault(self, error: Exception) -> None:
        with self._lock:
            self._fault, self._faults = error, self._faults + 1
            self._waits.set()

    def _take(self) -> tuple[Occasion | None, Exception | None]:
        """The part whose turn it is; once none waits, what the other trigger raised last instead."""
        with self._lock:
            occasion = self._line.popleft() if self._line else None
            fault, faults = self._take_fault() if occasion is None else (None, 0)
            if not self._line and self._fault is None:
                self._waits.clear()
        if faults > 1:
            _log.error("%s failed %d times since this was told last", self._title, faults)
        return occasion, fault

    def _take_fault(self) -> tuple[Exception | None, int]:
        """The last fault, and how many there were; under the lock."""
        fault, faults = self._fault, self._faults
        self._fault, self._faults = None, 0
        return fault, faults

    def _in_time(self, occasion: Occasion) -> Occasion:
        """The occasion as it is, or a part that is missed because it waited too long."""
        if occasion.ailment is not None:
            return occasion
        now_ns = self._clock.now_ns()
        if (reason := self._rule.refusal(occasion, now_ns)) is not None:
            return self._missed(occasion, reason)
        self._rule.begin(now_ns)
        return occasion

    def _missed(self, occasion: Occasion, reason: str) -> Occasion:
        self.counts.missed += 1
        return replace(occasion, ailment=Ailment(Cause.MISSED, reason))
