"""What a microcontroller tells, in the daemon's own time, and who hears it."""

from __future__ import annotations

import queue
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

MOMENTS_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A part was at the camera.

    at_ns: monotonic; later than that of the part before.
    number: the microcontroller's own.
    unheard: parts just before it that could not be told.
    """

    at_ns: int
    number: int
    unheard: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Where the encoder stands; it wraps around at 2^32."""

    at_ns: int
    count: int


News: TypeAlias = "PartSeen | Counted"


class Subscription:
    """What one listener has not heard yet."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()

    def put(self, news: News) -> None:
        """It was told; returns at once."""
        self._news.put(news)

    def take(self, timeout_s: float) -> Sequence[News]:
        """What was told, in order; empty when that was nothing for so long."""
        try:
            found = [self._news.get(timeout=timeout_s)]
        except queue.Empty:
            return ()
        while not self._news.empty():
            found.append(self._news.get())
        return found


class Moments:
    """Which part of the microcontroller came at which moment."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[int, int] = OrderedDict()
        self._newest_ns = 0

    def add(self, at_ns: int, number: int, unheard: int) -> int:
        """Its moment: this one, or a later one that no part has. Parts unheard have moments just before it."""
        at_ns = self._newest_ns = max(at_ns, self._newest_ns + unheard + 1)
        for behind in range(min(unheard, MOMENTS_KEPT), -1, -1):
            self._numbers[at_ns - behind] = number - behind
        while len(self._numbers) > MOMENTS_KEPT:
            self._numbers.popitem(last=False)
        return at_ns

    def number_at(self, at_ns: int) -> int | None:
        """The part of this moment, None where there was none."""
        return self._numbers.get(at_ns)
