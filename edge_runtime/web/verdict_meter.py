"""Verdicts as a scraper wants them: counted by point, outcome and cause, and how long they took."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_contracts.verdict import Cause, Outcome
    from edge_runtime.occasion import Inspected

BOUNDS_MS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Histogram:
    """Latencies of one point.

    buckets: upper bound in seconds and how many took at most so long, growing; the last is for ever.
    sum_s: of all of them.
    """

    buckets: tuple[tuple[float, int], ...]
    sum_s: float
    count: int


@dataclass(slots=True)
class _Meter:
    """One point's; written by that point's thread alone."""

    counts: dict[tuple[Outcome, Cause], int] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    sum_ms: float = 0.0


class VerdictMeter:
    """A sink that counts; takes no lock, because a reader of low priority that holds one would hold up the line."""

    def __init__(self) -> None:
        self._meters: dict[str, _Meter] = {}

    def take(self, inspected: Inspected) -> None:
        """Count a verdict."""
        verdict = inspected.verdict
        meter = self._meters.get(verdict.point)
        if meter is None:
            meter = self._meters.setdefault(verdict.point, _Meter())
        key = (verdict.outcome, verdict.cause)
        meter.counts[key] = meter.counts.get(key, 0) + 1
        meter.buckets[bisect_left(BOUNDS_MS, verdict.latency_ms)] += 1
        meter.sum_ms += verdict.latency_ms

    def counts(self) -> dict[tuple[str, Outcome, Cause], int]:
        """Verdicts by point, outcome and cause."""
        meters = self._meters.copy().items()
        return {(point, *key): count for point, meter in meters for key, count in meter.counts.copy().items()}

    def latencies(self) -> dict[str, Histogram]:
        """How long verdicts took, by point."""
        return {point: _histogram(meter.buckets.copy(), meter.sum_ms) for point, meter in self._meters.copy().items()}


def _histogram(buckets: list[int], sum_ms: float) -> Histogram:
    bounds_s = (*(bound / _MS_PER_S for bound in BOUNDS_MS), float("inf"))
    totals = [sum(buckets[: index + 1]) for index in range(len(buckets))]
    return Histogram(tuple(zip(bounds_s, totals, strict=True)), sum_ms / _MS_PER_S, totals[-1])
