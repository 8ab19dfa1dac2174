"""From an occasion to a verdict, within the deadline, whatever happens on the way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from edge_contracts.verdict import Cause, ModelFinding, Outcome, Verdict
from edge_runtime.frames import Frame, Window
from edge_runtime.inspection.chain import Joined
from edge_runtime.inspection.decision import unknown
from edge_runtime.inspection.finding import Finding
from edge_runtime.inspection.grading import grade_of
from edge_runtime.occasion import Ailment, Inspected

if TYPE_CHECKING:
    from edge_contracts.station import Point
    from edge_runtime.clock import Clock
    from edge_runtime.occasion import Occasion

_NS_PER_MS = 1_000_000
_RESERVE_SHARE = 0.1
_RESERVE_MAX_MS = 50.0
"""What the scorer leaves of the deadline for waking up, deciding and handing over: a tenth, at most this."""

_log = logging.getLogger(__name__)


class Judges(Protocol):
    """The models of a point; `edge_runtime.inspection.chain.Chain` is one.

    digest: of the bundle that is named when no model was asked.
    """

    digest: str

    def examine(self, seen: Frame | Window, until_ns: int) -> Joined:
        """What they find before `until_ns` (monotonic)."""
        ...

    def pass_over(self) -> None:
        """A part came that none of them is asked about."""
        ...


class Inspector:
    """Judges the parts of one inspection point.

    Args:
        point: the deadline, the age limit, the region and the grades.
        chain: its models.
        clock: monotonic.
    """

    def __init__(self, point: Point, chain: Judges, clock: Clock) -> None:
        self._point = point
        self._chain = chain
        self._clock = clock
        self._deadline_ns = int(point.deadline_ms * _NS_PER_MS)
        self._scoring_ns = int(scoring_ms(point.deadline_ms) * _NS_PER_MS)
        self._age_max_ns = int(point.max_frame_age_ms * _NS_PER_MS)

    def inspect(self, occasion: Occasion) -> Inspected:
        """Exactly one verdict for one part; never raises."""
        seen = occasion.reading if isinstance(occasion.reading, (Frame, Window)) else None
        try:
            joined = self._judge(occasion, seen)
            verdict = self._verdict(occasion, joined)
        except Exception as error:  # noqa: BLE001 - the promise of exactly one verdict holds for faults that nobody thought of
            _log.exception("%s %s: a stage failed", self._point.name, occasion.part)
            joined = self._without(Cause.INTERNAL, f"a stage failed ({type(error).__name__}: {error})")
            verdict = self._verdict(occasion, joined)
        return Inspected(
            verdict,
            seen if isinstance(seen, Frame) else None,
            joined.decider.heat_map,
            joined.decider.region,
            seen if isinstance(seen, Window) else None,
            occasion.triggered_at_ns,
            tuple([mark for finding in joined.findings for mark in finding.decision.marks]),
            joined.decider.impression,
        )

    def _judge(self, occasion: Occasion, seen: Frame | Window | None) -> Joined:
        ailment = occasion.ailment or self._stale(seen)
        if ailment is not None or seen is None:
            if occasion.is_part:
                self._chain.pass_over()
            ailment = ailment or Ailment(Cause.NO_FRAME, "wanted a frame, found none")
            return self._without(ailment.cause, ailment.reason)
        return self._chain.examine(seen, occasion.triggered_at_ns + self._scoring_ns)

    def _without(self, cause: Cause, reason: str) -> Joined:
        """Nothing was judged."""
        return Joined(Finding("", self._chain.digest, unknown(cause, reason), self._point.region), (), ())

    def _stale(self, seen: Frame | Window | None) -> Ailment | None:
        if seen is None:
            return None
        age_ns = self._clock.now_ns() - seen.captured_at_ns
        if age_ns <= self._age_max_ns:
            return None
        limit_ms, age_ms = self._point.max_frame_age_ms, age_ns / _NS_PER_MS
        return Ailment(Cause.STALE, f"wanted a frame of at most {limit_ms:g} ms, found one of {age_ms:.0f} ms")

    def _verdict(self, occasion: Occasion, joined: Joined) -> Verdict:
        now_ns, decider = self._clock.now_ns(), joined.decider
        decision = decider.decision
        if now_ns - occasion.triggered_at_ns > self._deadline_ns and decision.outcome is not Outcome.UNKNOWN:
            took_ms = (now_ns - occasion.triggered_at_ns) / _NS_PER_MS
            decision = unknown(
                Cause.DEADLINE,
                f"wanted a verdict within {self._point.deadline_ms:g} ms, found it after {took_ms:.0f} ms",
            )
        is_defect = decision.outcome is Outcome.DEFECT
        captured_at_ns = occasion.reading.captured_at_ns if occasion.reading else 0
        return Verdict(
            point=self._point.name,
            part=occasion.part,
            outcome=decision.outcome,
            cause=decision.cause,
            reason=decision.reason,
            model=decider.digest,
            label=decision.label,
            score=decision.score,
            threshold=decision.threshold,
            captured_at_ns=captured_at_ns,
            decided_at_ns=now_ns,
            latency_ms=max(now_ns - (captured_at_ns or occasion.triggered_at_ns), 0) / _NS_PER_MS,
            grade=grade_of([one.decision for one in joined.suspects], self._point.grades) if is_defect else None,
            models=tuple([_told(finding) for finding in joined.findings if finding.model]),
            lessons=decision.lessons,
            alike=decision.alike,
        )


def _told(finding: Finding) -> ModelFinding:
    decision = finding.decision
    return ModelFinding(
        model=finding.model,
        bundle=finding.digest,
        outcome=decision.outcome,
        cause=decision.cause,
        label=decision.label,
        score=decision.score,
        threshold=decision.threshold,
    )


def scoring_ms(deadline_ms: float) -> float:
    """How much of a deadline the models have, in milliseconds from the trigger on."""
    return deadline_ms - min(deadline_ms * _RESERVE_SHARE, _RESERVE_MAX_MS)
