"""What a soak shows: each promise kept, broken, or not decided by so short a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tests.soak.trend import ends, slope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.soak.sampler import Sample

SLOPE_MB_PER_H = 1.0
LONG_S = 1200.0
"""From here on the slope itself decides; a shorter run, only when its whole interval lies on one side of the limit."""
WARM_UP_SHARE, WARM_UP_MOST_S = 1 / 3, 600.0
DRIFT_SHARE, DRIFT_MS = 1.25, 0.5
"""The last quarter's latency may be so much larger than the first's: a quarter of it, and half a millisecond."""


class Answer(Enum):
    """Undecided: the run was too short for its noise."""

    KEPT = "kept"
    BROKEN = "BROKEN"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the table."""

    name: str
    found: str
    answer: Answer


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """The samples after the warm-up: a third of the run, at most ten minutes."""
    begin_s = min(samples[-1].at_s * WARM_UP_SHARE, WARM_UP_MOST_S)
    return [sample for sample in samples if sample.at_s >= begin_s]


def promises(samples: Sequence[Sample], longest_silence_s: float, silence_limit_s: float) -> list[Promise]:
    """Judge a soak by its samples and the longest time between two verdicts."""
    steady = settled(samples)
    at_s = [sample.at_s for sample in steady]
    silence = f"{longest_silence_s:.2f} s, wanted at most {silence_limit_s:.2f} s"
    return [
        _memory(at_s, [sample.own_mb for sample in steady]),
        _count("threads", [sample.threads for sample in steady]),
        _count("open files", [sample.files for sample in steady]),
        _latency("p50", [one.latency_p50_ms for one in steady if one.latency_p50_ms is not None]),
        _latency("p95", [one.latency_p95_ms for one in steady if one.latency_p95_ms is not None]),
        Promise(
            "longest time without a verdict",
            silence,
            Answer.KEPT if longest_silence_s <= silence_limit_s else Answer.BROKEN,
        ),
    ]


def _memory(at_s: Sequence[float], values: Sequence[float]) -> Promise:
    line = slope(at_s, values)
    found = f"{line} MB, wanted less than {SLOPE_MB_PER_H:g}; {values[0]:.1f} MB at first, {values[-1]:.1f} MB at last"
    answer = Answer.KEPT if line.per_h < SLOPE_MB_PER_H else Answer.BROKEN
    if at_s[-1] < LONG_S and line.low < SLOPE_MB_PER_H <= line.high:
        answer = Answer.UNDECIDED
    return Promise("own memory", found, answer)


def _count(name: str, values: Sequence[int]) -> Promise:
    first, last = ends(values)
    found = f"{first:g} in the first quarter, {last:g} in the last, {max(values)} at most"
    return Promise(name, found, Answer.KEPT if last <= first + 1 else Answer.BROKEN)


def _latency(name: str, values: Sequence[float]) -> Promise:
    first, last = ends(values)
    limit = first * DRIFT_SHARE + DRIFT_MS
    found = f"{first:.2f} ms in the first quarter, {last:.2f} ms in the last, wanted at most {limit:.2f} ms"
    return Promise(f"latency {name}", found, Answer.KEPT if last <= limit else Answer.BROKEN)
