from __future__ import annotations

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.tally import Tally
from tests.fakes.parts import inspected, verdict


def test_outcomes_are_counted_per_point() -> None:
    tally = Tally(["gate", "exit"])
    for cause in (Cause.CLEAN, Cause.CLEAN, Cause.THRESHOLD, Cause.DARK):
        tally.take(inspected(verdict(cause)))
    gate, exit_ = tally.states()
    assert (gate.good, gate.defect, gate.unknown, gate.last) == (2, 1, 1, Outcome.UNKNOWN)
    assert (exit_.good, exit_.last, exit_.p95_ms) == (0, None, None)


def test_the_95th_percentile_is_that_of_the_last_verdicts() -> None:
    tally = Tally(["gate"])
    for latency_ms in [1000.0] * 50 + [float(n) for n in range(1000)]:
        tally.take(inspected(verdict(latency_ms=latency_ms)))
    assert tally.states()[0].p95_ms == 949
