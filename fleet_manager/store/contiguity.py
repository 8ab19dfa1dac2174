"""How far a device's alerts are stored without a hole; pure interval arithmetic on sequences."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Range = tuple[int, int]
"""An inclusive range of sequences: first, last."""


def advance(through: int, stored: Iterable[int], gaps: Sequence[Range]) -> int:
    """The highest sequence up to which every one is stored or stands in a gap.

    Args:
        through: what is known to be contiguous already.
        stored: sequences above `through` in ascending order; consumed only up to the first hole.
        gaps: ranges whose last is above `through`, ascending by first.
    """
    ahead = iter(stored)
    waiting = list(gaps)
    seq = next(ahead, None)
    while True:
        before = through
        while waiting and waiting[0][0] <= through + 1:
            through = max(through, waiting.pop(0)[1])
        while seq is not None and seq <= through + 1:
            through = max(through, seq)
            seq = next(ahead, None)
        if through == before:
            return through


def merge(ranges: Iterable[Range]) -> list[Range]:
    """The fewest ranges that cover the same sequences."""
    out: list[Range] = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out


def subtract(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """What the ranges cover and `taken` does not; one walk along both."""
    ahead, left = deque(merge(taken)), list[Range]()
    for begin, last in merge(ranges):
        first = begin
        while ahead and ahead[0][1] < first:
            ahead.popleft()
        while ahead and ahead[0][0] <= last:
            if first < ahead[0][0]:
                left.append((first, ahead[0][0] - 1))
            first = ahead[0][1] + 1
            if first > last:
                break
            ahead.popleft()
        if first <= last:
            left.append((first, last))
    return left
