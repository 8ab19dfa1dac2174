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

    Attributes:
        counts: what was called for, and what of it could not be inspected.
    """

    def __init__(self, name: str, trigger: Trigger, clock: Clock, *, within_s: float) -> None:
        super().__init__(f"watch-{name}", f"{name}: the presence trigger")
        self.counts = BacklogCounts()
        self._trigger = trigger
        self._clock = clock
        self._within_ns = int(within_s * _NS_PER_S)
        self._line: deque[Occasion | Exception] = deque()
        self._pictures = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._looked = threading.Event()
        self._handed_at_ns: int | None = None
        self._free_since_ns = 0
        self._took_ns: deque[int] = deque((0, 0, 0), maxlen=3)

    def next(self) -> Occasion | None:
        """The occasion whose turn it is.

        Raises:
            Exception: the other trigger's own.
        """
        self._note_how_long_the_last_took()
        while not self._clock.wait(self._looked, _POLL_S) and not self._stop.is_set():
            pass
        waited = self._take()
        if isinstance(waited, Exception):
            raise waited
        return None if waited is None else self._in_time(waited)

    def leftovers(self) -> list[Occasion]:
        """Look no more; a missed part for each that waited."""
        self.ask_to_stop()
        with self._lock:
            self._is_closed = True
        left = []
        while (waited := self._take()) is not None:
            if isinstance(waited, Exception):
                _log.error("%s failed", self._title, exc_info=waited)
                continue
            reason = "its point was stopped or reloaded while it waited for its inspection"
            left.append(waited if waited.ailment else self._missed(replace(waited, reading=None), reason))
        return left

    def look(self) -> None:
        """One step of the other trigger; what it calls for is put into the line."""
        try:
            self._add(self._trigger.next())
        except Exception as error:  # noqa: BLE001 - a part may have passed unseen: the loop tells it
            self._line.append(error)
            self._clock.wait(self._stop, _POLL_S)
        self._looked.set()

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

    def _crowded_out(self, occasion: Occasion) -> Occasion:
        without = replace(occasion, reading=None)
        if without.ailment is not None:
            return without
        return self._missed(without, f"wanted at most {MOST} parts waiting for their inspection, found one more")

    def _take(self) -> Occasion | Exception | None:
        with self._lock:
            waited = self._line.popleft() if self._line else None
            if isinstance(waited, Occasion):
                self._pictures -= waited.reading is not None
            if not self._line:
                self._looked.clear()
            return waited

    def _in_time(self, occasion: Occasion) -> Occasion:
        if occasion.ailment is not None:
            return occasion
        now_ns = self._clock.now_ns()
        waited_ns, takes_ns = now_ns - occasion.triggered_at_ns, sorted(self._took_ns)[1]
        has_waited = occasion.triggered_at_ns < self._free_since_ns
        if not has_waited or waited_ns + takes_ns <= self._within_ns:
            self._handed_at_ns = now_ns
            return occasion
        return self._missed(
            occasion,
            f"wanted it judged within {self._within_ns / _NS_PER_MS:g} ms, found its turn after "
            f"{waited_ns / _NS_PER_MS:.0f} ms, and that judging takes {takes_ns / _NS_PER_MS:.0f} ms: "
            "parts come faster than they are judged",
        )

    def _note_how_long_the_last_took(self) -> None:
        """Of the last three the middle one counts: one that hung, or could not be asked at all, says nothing."""
        if self._handed_at_ns is not None:
            self._free_since_ns = self._clock.now_ns()
            self._took_ns.append(self._free_since_ns - self._handed_at_ns)
            self._handed_at_ns = None

    def _missed(self, occasion: Occasion, reason: str) -> Occasion:
        self.counts.missed += 1
        return replace(occasion, ailment=Ailment(Cause.MISSED, reason))
