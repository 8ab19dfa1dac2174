"""What each point did last, for whoever looks: references alone, so that nobody's watching costs a line anything."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from edge_contracts.verdict import Verdict
    from edge_runtime.occasion import Inspected

LAST_VERDICTS = 20


@dataclass(frozen=True, slots=True)
class Pictured:
    """A verdict with its picture.

    number: of the verdict within its point; names the picture for caches.
    """

    number: int
    inspected: Inspected


@dataclass(slots=True)
class _Seen:
    """One point's; written by that point's thread alone, in single steps that a reader sees whole."""

    number: int = 0
    last: Pictured | None = None
    rejected: Pictured | None = None
    verdicts: deque[Verdict] = field(default_factory=lambda: deque(maxlen=LAST_VERDICTS))
    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))


@dataclass(frozen=True, slots=True)
class PointView:
    """One point at this moment.

    number: of its last verdict, from 1; 0 before the first.
    last, rejected: the last part that has a picture, and the last of those that was not good.
    verdicts: the last ones, newest first.
    counts: since the daemon started.
    """

    number: int
    last: Pictured | None
    rejected: Pictured | None
    verdicts: tuple[Verdict, ...]
    counts: dict[Outcome, int]


class LiveView:
    """A sink that keeps references to the last parts; points that it has not heard of appear with their first verdict.

    It takes no lock: a reader of low priority that holds one would hold up the line.
    """

    def __init__(self) -> None:
        self._points: dict[str, _Seen] = {}

    def take(self, inspected: Inspected) -> None:
        """Keep a reference; returns at once."""
        verdict = inspected.verdict
        seen = self._points.get(verdict.point)
        if seen is None:
            seen = self._points.setdefault(verdict.point, _Seen())
        pictured = Pictured(seen.number + 1, inspected)
        if inspected.frame is not None:
            seen.last = pictured
            if verdict.outcome is not Outcome.GOOD:
                seen.rejected = pictured
        seen.verdicts.appendleft(verdict)
        seen.counts[verdict.outcome] += 1
        seen.number = pictured.number

    def numbers(self, points: tuple[str, ...]) -> tuple[int, ...]:
        """The last verdict's number of each point; differs when something happened."""
        return tuple(seen.number if (seen := self._points.get(name)) else 0 for name in points)

    def view(self, point: str) -> PointView:
        """What is known of a point now."""
        seen = self._points.get(point) or _Seen()
        return PointView(seen.number, seen.last, seen.rejected, tuple(seen.verdicts.copy()), dict(seen.counts))
