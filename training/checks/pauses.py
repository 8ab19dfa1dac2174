"""Which samples were taken in one go: until the line paused.

A line changes slowly: what follows within a window of time shares light, dirt and often the part, and an edge at each
full minute would part two pictures of one second. So a run ends at a pause as long as the window (single linkage). A
line that never pauses would be one run all day, of which nothing could be judged: a run longer than the window is cut
in two at the longest pause of its middle half, and again.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta


def runs(times: Sequence[datetime | None], window: timedelta) -> list[list[int]]:
    """Places of the samples of each run, in the order of their times; those without a time are in none.

    Args:
        times: when each was taken.
        window: the shortest pause that parts in any case, and how long a run may be.
    """
    known = {place: time for place, time in enumerate(times) if time is not None}
    order = sorted(known, key=lambda place: (known[place], place))
    found: list[list[int]] = [[place] for place in order[:1]]
    for one, other in pairwise(order):
        if known[other] - known[one] < window:
            found[-1].append(other)
        else:
            found.append([other])
    return [piece for run in found for piece in _short(run, known, window)]


def _short(run: list[int], known: dict[int, datetime], longest: timedelta) -> list[list[int]]:
    if known[run[-1]] - known[run[0]] <= longest:
        return [run]
    quarter = len(run) // 4
    middle = range(max(1, quarter), max(2, len(run) - quarter))
    cut = max(middle, key=lambda place: (known[run[place]] - known[run[place - 1]], -abs(2 * place - len(run))))
    return [*_short(run[:cut], known, longest), *_short(run[cut:], known, longest)]
