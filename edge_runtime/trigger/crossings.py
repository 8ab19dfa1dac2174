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

if TYPE_CHECKING:
    from edge_runtime.clock import Clock
    from edge_runtime.trigger.triggers import Trigger

MOST: Final = 4
"""Pictures that may wait while one is judged: so much memory, and no more."""
_POLL_S: Final = 0.2
_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
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
        self._within_ns = within_s * _NS_PER_S
        self._max_age_ns = max_age_s * _NS_PER_S
        self._may_wait = may_wait
        self._line: deque[Occasion] = deque()
        self._pictures = 0
        self._fault: Exception | None = None
        self._faults = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._waits = threading.Event()
        self._has_looked = False
        self._handed_at_ns: int | None = None
        self._free_since_ns = 0
        self._took_ns: deque[int] = deque((0, 0, 0), maxlen=3)

    def next(self) -> Occasion | None:
        """The occasion whose turn it is.

        Raises:
            Exception: the other trigger's own.
        """
        self._note_how_long_the_last_took()
        while not self._clock.wait(self._waits, _POLL_S) and not self._has_looked and not self._stop.is_set():
            pass
        self._has_looked = False
        waited = self._take()
        if waited is None:
            self._raise_fault()
        return None if waited is None else self._in_time(waited)

    def leftovers(self) -> list[Occasion]:
        """Look no more; a missed part for each that waited."""
        self.ask_to_stop()
        with self._lock:
            self._is_closed = True
        left = []
        while (waited := self._take()) is not None:
            reason = "its point was stopped or reloaded while it waited for its inspection"
            left.append(waited if waited.ailment else self._missed(replace(waited, reading=None), reason))
        if self._fault is not None:
            _log.error("%s failed", self._title, exc_info=self._fault)
        return left

    def look(self) -> None:
        """One step of the other trigger; what it calls for is put into the line."""
        try:
            self._add(self._trigger.next())
        except Exception as error:  # noqa: BLE001 - a part may have passed unseen: the loop tells it
            self._note_fault(error)
            self._clock.wait(self._stop, _POLL_S)
        self._has_looked = True

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()

    def _add(self, occasion: Occasion | None) -> None:
        if occasion is None:
            return
        with self._lock:
            self.counts.announced += 1
            if self._is_closed or len(self._line) >= TOLD_MAX:
                self.counts.missed += 1
                self.counts.untold += 1
                _log.warning("a part came that is not inspected: %d wait, or the point ends", len(self._line))
                return
            if occasion.reading is not None and self._pictures >= MOST:
                occasion = self._crowded_out(occasion)
            self._pictures += occasion.reading is not None
            self._line.append(occasion)
            self._waits.set()

    def _note_fault(self, error: Exception) -> None:
        with self._lock:
            self._fault, self._faults = error, self._faults + 1
            self._waits.set()

    def _raise_fault(self) -> None:
        with self._lock:
            fault, self._fault, faults, self._faults = self._fault, None, self._faults, 0
            if not self._line:
                self._waits.clear()
        if fault is None:
            return
        if faults > 1:
            _log.error("%s failed %d times since this was told last", self._title, faults)
        raise fault

    def _crowded_out(self, occasion: Occasion) -> Occasion:
        without = replace(occasion, reading=None)
        if without.ailment is not None:
            return without
        return self._missed(without, f"wanted at most {MOST} parts waiting for their inspection, found one more")

    def _take(self) -> Occasion | None:
        with self._lock:
            waited = self._line.popleft() if self._line else None
            if waited is not None:
                self._pictures -= waited.reading is not None
            if not self._line and self._fault is None:
                self._waits.clear()
            return waited

    def _in_time(self, occasion: Occasion) -> Occasion:
        if occasion.ailment is not None:
            return occasion
        now_ns = self._clock.now_ns()
        has_waited = occasion.triggered_at_ns < self._free_since_ns
        if has_waited and (wanted := self._wanted(occasion, now_ns)) is not None:
            waited_ms = (now_ns - occasion.triggered_at_ns) / _NS_PER_MS
            reason = f"wanted {wanted}, found its turn after {waited_ms:.0f} ms: parts come faster than they are judged"
            return self._missed(occasion, reason)
        self._handed_at_ns = now_ns
        return occasion

    def _wanted(self, occasion: Occasion, now_ns: int) -> str | None:
        """What a part that waited would have needed to be inspected now, None where it can be."""
        if not self._may_wait:
            return "it judged at once, because a model has a live source of its own"
        if occasion.reading is not None and now_ns - occasion.reading.captured_at_ns > self._max_age_ns:
            return f"a picture of at most {self._max_age_ns / _NS_PER_MS:g} ms"
        takes_ns = sorted(self._took_ns)[1]
        if now_ns - occasion.triggered_at_ns + takes_ns > self._within_ns:
            within_ms, takes_ms = self._within_ns / _NS_PER_MS, takes_ns / _NS_PER_MS
            return f"it judged within {within_ms:g} ms, which takes {takes_ms:.0f} ms"
        return None

    def _note_how_long_the_last_took(self) -> None:
        """Of the last three the middle one counts: one that hung, or could not be asked at all, says nothing."""
        if self._handed_at_ns is not None:
            self._free_since_ns = self._clock.now_ns()
            self._took_ns.append(self._free_since_ns - self._handed_at_ns)
            self._handed_at_ns = None

    def _missed(self, occasion: Occasion, reason: str) -> Occasion:
        self.counts.missed += 1
        return replace(occasion, ailment=Ailment(Cause.MISSED, reason))
