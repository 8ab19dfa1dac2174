"""How much evidence may go on the wire: so much per second, and so much in 24 hours. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_runtime.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK_BYTES: Final = 16 << 10
"""What is read and sent at once."""
_HOUR_S: Final = 3600.0
_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Spent:
    """Bytes that were sent in one hour since the board's start (monotonic)."""

    hour: int
    bytes: int


class UploadBudget:
    """Both limits; times are monotonic seconds.

    Args:
        per_s: bytes per second; what is not used adds up to one second's.
        per_day: bytes in any 24 whole hours and the one that runs; 0 for no limit.
        spent: what an earlier run of the daemon has sent since the board's start.
    """

    def __init__(self, per_s: int, per_day: int, spent: Iterable[Spent] = ()) -> None:
        self._pace = Allowance(per_s, max(per_s, BLOCK_BYTES))
        self._per_day = per_day
        self._hours: deque[Spent] = deque()
        for piece in sorted(spent, key=lambda each: each.hour):
            self._add(piece.hour, piece.bytes)

    def take(self, size: int, now_s: float) -> None:
        """So many bytes go on the wire."""
        self._pace.take(size, now_s)
        self._add(hour_of(now_s), size)

    def wait_s(self, size: int, now_s: float) -> float:
        """Seconds until so many bytes may go; at least to the next full hour where the day's are used up."""
        if self._per_day and self.spent_in_a_day(now_s) >= self._per_day:
            return _HOUR_S * (hour_of(now_s) + 1) - now_s
        return self._pace.wait_s(size, now_s)

    def spent_in_a_day(self, now_s: float) -> int:
        """Bytes of the last 24 whole hours and the one that runs."""
        first = hour_of(now_s) - _HOURS
        return sum(piece.bytes for piece in self._hours if piece.hour >= first)

    def _add(self, hour: int, size: int) -> None:
        if self._hours and self._hours[-1].hour == hour:
            size += self._hours.pop().bytes
        self._hours.append(Spent(hour, size))
        while self._hours[0].hour < hour - _HOURS:
            self._hours.popleft()


def hour_of(now_s: float) -> int:
    """The hour since the board's start."""
    return int(now_s // _HOUR_S)
