"""Parts that the line has announced and that nobody has judged yet: a short queue, in which none is lost unsaid.

A part that does not fit is not inspected, but it keeps its place: its turn ends in an unknown, so that the counts add
up and the reject output fires.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.clock import Clock
    from edge_runtime.trigger.announcement import Announcement
    from edge_runtime.trigger.part_names import PartNames

TOLD_MAX = 1024
"""Parts that may wait for their turn altogether, missed ones too; of further ones only the number is told."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class BacklogCounts:
    """What the line announced since the start.

    announced: parts; each leads to one verdict, but for `untold`.
    missed: parts that could not be inspected: too many waited, their turn came too late, or they were not heard.
    untold: missed parts that have no verdict of their own: even their names did not fit, or the point had ended.
    """

    announced: int = 0
    missed: int = 0
    untold: int = 0


@dataclass(frozen=True, slots=True)
class Awaited:
    """One announced part.

    at_ns: monotonic; no two parts of a point have the same.
    missed: why it cannot be inspected, None when it can.
    """

    part: str
    at_ns: int
    missed: str | None = None


class Backlog:
    """The queue between a listener's thread and the loop of a point.

    Args:
        names: names the parts.
        most: parts that may wait for their inspection.
        clock: monotonic.
        expect: told at once of each part's moment, as trigger and at the camera, so that a gate knows of it before its
            verdict comes.
    """

    def __init__(self, names: PartNames, most: int, clock: Clock, expect: Callable[[int, int], None]) -> None:
        self.counts = BacklogCounts()
        self._names = names
        self._most = most
        self._clock = clock
        self._expect = expect
        self._line: deque[Awaited] = deque()
        self._waiting = 0
        self._newest_ns = 0
        self._flood = 0
        self._is_closed = False
        self._lock = threading.Lock()
        self._more = threading.Event()

    def announce(self, announcement: Announcement) -> None:
        """The line said something; called in the listener's thread, returns at once."""
        with self._lock:
            if self._is_closed:
                self._count_untold(announcement)
                return
            moments = [self._add_unheard(announcement.at_ns - left) for left in range(announcement.unheard, 0, -1)]
            if announcement.heard:
                moments.append(self._add_heard(announcement))
        for at_ns in moments:
            self._expect(at_ns, at_ns)
        self._more.set()

    def take(self, timeout_s: float) -> Awaited | None:
        """The part whose turn it is, None when there is none for `timeout_s`."""
        if not self._line and not self._flood:
            self._clock.wait(self._more, timeout_s)
        with self._lock:
            self._more.clear()
            if not self._line:
                return self._told_in_number()
            awaited = self._line.popleft()
            self._waiting -= awaited.missed is None
            return awaited

    def close(self) -> None:
        """Accept no more parts, because the point ends; one that is announced nevertheless is counted and logged."""
        with self._lock:
            self._is_closed = True

    def _count_untold(self, announcement: Announcement) -> None:
        """Under the lock."""
        parts = announcement.unheard + announcement.heard
        self.counts.announced += parts
        self.counts.missed += parts
        self.counts.untold += parts
        _log.warning("%d parts were announced while their point ended: not inspected", parts)

    def _add_unheard(self, at_ns: int) -> int:
        reason = "the trigger's own count shows a part that was not heard: too close to the next, or while it was away"
        return self._add(self._names.unheard(), at_ns, reason)

    def _add_heard(self, announcement: Announcement) -> int:
        crowded = self._waiting >= self._most
        reason = f"wanted at most {self._most} parts waiting for their inspection, found one more" if crowded else None
        return self._add(self._names.name(announcement), announcement.at_ns, reason)

    def _add(self, part: str, at_ns: int, missed: str | None) -> int:
        """Under the lock; the part's moment."""
        at_ns = self._newest_ns = max(at_ns, self._newest_ns + 1)
        self.counts.announced += 1
        self.counts.missed += missed is not None
        if len(self._line) >= TOLD_MAX:
            self._flood += 1
        else:
            self._waiting += missed is None
            self._line.append(Awaited(part, at_ns, missed))
        return at_ns

    def _told_in_number(self) -> Awaited | None:
        """Under the lock."""
        if not self._flood:
            return None
        flood, self._flood = self._flood, 0
        self.counts.untold += flood - 1
        reason = f"{flood} parts were announced while {TOLD_MAX} waited; a bouncing contact?"
        return Awaited(self._names.unheard(), self._newest_ns, reason)
