"""What each inspection point did since the daemon started: counts, the last outcome, how long verdicts took."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

from edge_contracts.device import PointState
from edge_contracts.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_runtime.occasion import Inspected

_LATENCIES = 1000
"""The 95th percentile is taken over so many last verdicts."""
_P95 = 0.95


class Tally:
    """Counts the verdicts of all points; may be read from any thread.

    Args:
        points: the names of the inspection points.
    """

    def __init__(self, points: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._names = tuple(points)
        self._counts: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
        self._last: dict[str, Outcome] = {}
        self._latencies_ms: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_LATENCIES))

    def follow(self, points: Iterable[str]) -> None:
        """Tell of these points from now on; what was counted of the others stays in the sums of the run."""
        with self._lock:
            self._names = tuple(points)

    def total(self, outcome: Outcome) -> int:
        """Verdicts of all points since the start, also of those that are gone."""
        with self._lock:
            return sum(counts[outcome] for counts in self._counts.values())

    def judged(self) -> dict[str, int]:
        """Good and defect verdicts of each point; quick, for whoever asks often."""
        with self._lock:
            return {name: self._counts[name][Outcome.GOOD] + self._counts[name][Outcome.DEFECT] for name in self._names}

    def take(self, inspected: Inspected) -> None:
        """Count a verdict."""
        verdict = inspected.verdict
        with self._lock:
            self._counts[verdict.point][verdict.outcome] += 1
            self._last[verdict.point] = verdict.outcome
            self._latencies_ms[verdict.point].append(verdict.latency_ms)

    def states(self) -> tuple[PointState, ...]:
        """One line per point, in the order of the configuration."""
        with self._lock:
            return tuple(self._state(name) for name in self._names)

    def _state(self, name: str) -> PointState:
        counts, latencies_ms = self._counts[name], sorted(self._latencies_ms[name])
        return PointState(
            point=name,
            last=self._last.get(name),
            good=counts[Outcome.GOOD],
            defect=counts[Outcome.DEFECT],
            unknown=counts[Outcome.UNKNOWN],
            p95_ms=round(latencies_ms[int(_P95 * (len(latencies_ms) - 1))], 3) if latencies_ms else None,
        )
