from __future__ import annotations

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.web.verdict_meter import VerdictMeter
from tests.fakes.parts import inspected, verdict


def test_verdicts_are_counted_by_point_outcome_and_cause() -> None:
    meter = VerdictMeter()
    for cause, point in ((Cause.CLEAN, "gate"), (Cause.CLEAN, "gate"), (Cause.DARK, "exit")):
        meter.take(inspected(verdict(cause, point=point)))
    assert meter.counts() == {("gate", Outcome.GOOD, Cause.CLEAN): 2, ("exit", Outcome.UNKNOWN, Cause.DARK): 1}


def test_a_latency_counts_in_its_bucket_and_every_larger_one() -> None:
    meter = VerdictMeter()
    for latency_ms in (1.0, 1.5, 9000.0):
        meter.take(inspected(verdict(latency_ms=latency_ms)))
    histogram = meter.latencies()["gate"]
    assert histogram.buckets[:2] == ((0.001, 1), (0.002, 2))
    assert histogram.buckets[-2:] == ((5.0, 2), (float("inf"), 3))
    assert (histogram.count, round(histogram.sum_s, 4)) == (3, 9.0025)
