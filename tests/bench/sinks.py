"""What each sink of a verdict costs the inspection point's loop, in µs per verdict. `make bench`.

The floor is a sink that does nothing, called in the same run in the same way.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.message import ClockTrust
from edge_contracts.station import Drift, Records, Region
from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_runtime.clock import MonotonicClock
from edge_runtime.conditions import Conditions
from edge_runtime.evidence.clip_ring import ClipRing
from edge_runtime.evidence.good_sample import GoodSample
from edge_runtime.frames import Frame
from edge_runtime.health.score_watch import ScoreWatch
from edge_runtime.health.verdict_watch import VerdictWatch
from edge_runtime.learned import Learned
from edge_runtime.occasion import Inspected
from edge_runtime.outbox.delivery_clock import SystemClock
from edge_runtime.records.verdict_records import VerdictRecords

if TYPE_CHECKING:
    from edge_runtime.pipeline import VerdictSink

TURNS = 9
VERDICTS = 2_000


class Nobody:
    """Takes a verdict and does nothing."""

    @staticmethod
    def take(inspected: Inspected) -> None:
        """Nothing."""


def sinks(folder: Path) -> dict[str, VerdictSink]:
    """Every sink that is measured, by name; none of them has its thread running, so only `take` is measured."""
    clock = MonotonicClock()
    return {
        "nobody": Nobody(),
        "watch over unknowns": unknowns(),
        "watch over scores": scores(folder),
        "sample of good parts": GoodSample(500, lambda _inspected: None),
        "clip ring, 320 px": ClipRing(10, 5, 320, lambda _clip: None),
        "daily record": VerdictRecords(folder / "verdicts", Records(), clock, lambda: ClockTrust.NONE),
    }


def unknowns() -> VerdictWatch:
    """A watch that follows the point of the verdicts."""
    watch = VerdictWatch(Conditions(SystemClock().now))
    watch.follow("gate")
    return watch


def scores(folder: Path) -> ScoreWatch:
    """A watch that follows the point of the verdicts."""
    watch = ScoreWatch(Drift(), Conditions(SystemClock().now), Learned(folder / "learned"), lambda _name: None)
    watch.follow("gate", "ab" * 32, None)
    return watch


def cost_us(sink: VerdictSink, verdicts: list[Inspected]) -> float:
    """Median over the turns of the mean time of one `take`, microseconds."""
    times = []
    for _ in range(TURNS):
        begin_ns = time.perf_counter_ns()
        for inspected in verdicts:
            sink.take(inspected)
        times.append((time.perf_counter_ns() - begin_ns) / len(verdicts) / 1000)
    return median(times)


def good_verdicts(count: int) -> list[Inspected]:
    """Good parts of one point, each with a picture of 640×480."""
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    return [
        Inspected(
            Verdict(
                point="gate",
                part=f"{number:06d}",
                outcome=Outcome.GOOD,
                cause=Cause.CLEAN,
                reason="anomaly score 0.1 is below the threshold 0.5",
                model="ab" * 32,
                label="good",
                score=0.1,
                threshold=0.5,
                captured_at_ns=number,
                decided_at_ns=number + 1,
                latency_ms=1.0,
            ),
            Frame(pixels, number, number),
            None,
            Region(),
        )
        for number in range(count)
    ]


def main() -> None:
    """Measure and print."""
    verdicts = good_verdicts(VERDICTS)
    with tempfile.TemporaryDirectory() as name:
        for sink_name, sink in sinks(Path(name)).items():
            print(f"{sink_name:24} {cost_us(sink, verdicts):7.2f} µs per verdict")


if __name__ == "__main__":
    main()
