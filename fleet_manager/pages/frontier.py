"""Which alerts are new since the last look, where several writers commit out of their order. Pure.

A row's number is drawn before its transaction ends, so a lower number may become visible after a higher one. What lies
above the floor is looked at again until it has settled; numbers that were seen there are known.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLE_NS: Final = 5_000_000_000
"""A transaction of the ingest lasts milliseconds; five seconds are a database that stalls."""


class Frontier:
    """The edge between what was seen and what may still appear.

    Args:
        seen: the newest numbers at the beginning, in any order.
    """

    def __init__(self, seen: Sequence[int]) -> None:
        self.floor = min(seen, default=0)
        self._seen = set(seen)
        self._tops: deque[tuple[int, int]] = deque()

    def fresh(self, numbers: Sequence[int], now_ns: int) -> list[int]:
        """Those that were not seen before, in rising order.

        Args:
            numbers: of rows above the floor.
            now_ns: monotonic.
        """
        new = sorted(set(numbers) - self._seen)
        self._seen.update(new)
        if new:
            self._tops.append((now_ns, max(self._seen)))
        while self._tops and self._tops[0][0] <= now_ns - SETTLE_NS:
            self.floor = self._tops.popleft()[1]
            self._seen = {number for number in self._seen if number >= self.floor}
        return new
