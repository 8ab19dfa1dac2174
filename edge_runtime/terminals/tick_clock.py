"""When something happened, by the ticks of a microcontroller. Pure.

A message is as late as the line and the host make it, never early: of all offsets between the two clocks that were seen
lately the least is the nearest to the truth.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_SEEN: Final = 128
"""Messages that are remembered: a few seconds, in which two crystals drift apart by less than a millisecond."""
_WRAP: Final = 1 << 32
_NS_PER_S: Final = 1_000_000_000


class TickClock:
    """Turns ticks into monotonic nanoseconds.

    Args:
        ticks_per_second: as the microcontroller says.
    """

    def __init__(self, ticks_per_second: int) -> None:
        self._ticks_per_second = ticks_per_second
        self._newest = 0
        self._offsets_ns: deque[int] = deque(maxlen=_SEEN)

    def see(self, tick: int, at_ns: int) -> None:
        """This tick had passed at this moment."""
        unwrapped = self._unwrapped(tick) if self._offsets_ns else tick
        self._newest = max(self._newest, unwrapped)
        self._offsets_ns.append(at_ns - self._ns(unwrapped))

    def at_ns(self, tick: int) -> int:
        """When it was; at least one tick must have been seen."""
        return self._ns(self._unwrapped(tick)) + min(self._offsets_ns)

    def _unwrapped(self, tick: int) -> int:
        ahead = (tick - self._newest) % _WRAP
        return self._newest + ahead - (_WRAP if ahead >= _WRAP // 2 else 0)

    def _ns(self, ticks: int) -> int:
        return ticks * _NS_PER_S // self._ticks_per_second
