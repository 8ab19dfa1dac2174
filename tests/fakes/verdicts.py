"""Verdicts of parts, as short as a test can say them."""

from __future__ import annotations

from edge_contracts.station import Region
from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_runtime.occasion import Inspected

CAUSES = {Outcome.GOOD: Cause.CLEAN, Outcome.DEFECT: Cause.THRESHOLD, Outcome.UNKNOWN: Cause.NO_FRAME}


def verdict(part: str = "1", outcome: str = "defect", *, point: str = "gate", decided_at_ns: int = 0) -> Verdict:
    kind = Outcome(outcome)
    return Verdict(point, part, kind, CAUSES[kind], "because", None, None, None, None, 0, decided_at_ns, 1.0)


def inspected(part: str = "1", outcome: str = "defect", *, point: str = "gate", triggered_at_ns: int = 1) -> Inspected:
    return Inspected(verdict(part, outcome, point=point), None, None, Region(), None, triggered_at_ns)
