"""From an occasion to a verdict, within the deadline, whatever happens on the way."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_runtime.frames import Frame, Window
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.inspection.region import cut
from edge_runtime.inspection.scorer import BackendFailed, BackendHung
from edge_runtime.occasion import Ailment, Inspected

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import Point, Region
    from edge_runtime.clock import Clock
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.inspection.decision import Ruling
    from edge_runtime.occasion import Occasion

_NS_PER_MS = 1_000_000
_RESERVE_SHARE = 0.1
_RESERVE_MAX_MS = 50.0
"""What the scorer leaves of the deadline for waking up, deciding and handing over: a tenth, at most this."""

_log = logging.getLogger(__name__)


class ScoresParts(Protocol):
    """What scores pictures or windows under a deadline; `edge_runtime.inspection.scorer.Scorer` is one."""

    def score(self, subject: Subject, until_ns: int) -> Scores:
        """Score before `until_ns`, or raise BackendHung or BackendFailed."""
        ...


class Inspector:
    """Judges the parts of one inspection point.

    Args:
        point: the deadline, the age limit and the region.
        ruling: how the model's scores are read.
        digest: the bundle's, for the verdict.
        scorer: the model.
        clock: monotonic.
    """

    def __init__(self, point: Point, ruling: Ruling, digest: str, scorer: ScoresParts, clock: Clock) -> None:
        self._point = point
        self._ruling = ruling
        self._digest = digest
        self._scorer = scorer
        self._clock = clock
        self._deadline_ns = int(point.deadline_ms * _NS_PER_MS)
        self._scoring_ns = int((point.deadline_ms - _reserve_ms(point.deadline_ms)) * _NS_PER_MS)
        self._age_max_ns = int(point.max_frame_age_ms * _NS_PER_MS)

    def use_threshold(self, threshold: float | None) -> None:
        """Judge by this threshold from the next part on, None for the rule's own; from any thread, at once."""
        self._ruling = replace(self._ruling, threshold=threshold)

    def inspect(self, occasion: Occasion) -> Inspected:
        """Exactly one verdict for one part; never raises."""
        seen = occasion.reading if isinstance(occasion.reading, (Frame, Window)) else None
        heat_map = None
        try:
            decision, heat_map = self._judge(occasion, seen)
        except BackendHung as error:
            decision = unknown(Cause.BACKEND_HUNG, str(error))
        except BackendFailed as error:
            _log.exception("%s %s: the backend failed", self._point.name, occasion.part)
            decision = unknown(Cause.BACKEND_FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - the promise of exactly one verdict holds for faults that nobody thought of
            _log.exception("%s %s: a stage failed", self._point.name, occasion.part)
            decision = unknown(Cause.INTERNAL, f"a stage failed ({type(error).__name__}: {error})")
        return Inspected(
            self._verdict(occasion, decision),
            seen if isinstance(seen, Frame) else None,
            heat_map,
            self._point.region,
            seen if isinstance(seen, Window) else None,
            occasion.triggered_at_ns,
        )

    def _judge(
        self, occasion: Occasion, seen: Frame | Window | None
    ) -> tuple[Decision, npt.NDArray[np.float32] | None]:
        if (ailment := occasion.ailment or self._stale(seen)) is not None:
            return unknown(ailment.cause, ailment.reason), None
        if seen is None:
            return unknown(Cause.NO_FRAME, "wanted a frame, found none"), None
        subject = _subject(seen, self._point.region)
        scores = self._scorer.score(subject, occasion.triggered_at_ns + self._scoring_ns)
        return decide(scores, self._ruling), scores.heat_map

    def _stale(self, seen: Frame | Window | None) -> Ailment | None:
        if seen is None:
            return None
        age_ns = self._clock.now_ns() - seen.captured_at_ns
        if age_ns <= self._age_max_ns:
            return None
        limit_ms, age_ms = self._point.max_frame_age_ms, age_ns / _NS_PER_MS
        return Ailment(Cause.STALE, f"wanted a frame of at most {limit_ms:g} ms, found one of {age_ms:.0f} ms")

    def _verdict(self, occasion: Occasion, decision: Decision) -> Verdict:
        now_ns = self._clock.now_ns()
        if now_ns - occasion.triggered_at_ns > self._deadline_ns and decision.outcome is not Outcome.UNKNOWN:
            took_ms = (now_ns - occasion.triggered_at_ns) / _NS_PER_MS
            decision = unknown(
                Cause.DEADLINE,
                f"wanted a verdict within {self._point.deadline_ms:g} ms, found it after {took_ms:.0f} ms",
            )
        captured_at_ns = occasion.reading.captured_at_ns if occasion.reading else 0
        return Verdict(
            point=self._point.name,
            part=occasion.part,
            outcome=decision.outcome,
            cause=decision.cause,
            reason=decision.reason,
            model=self._digest,
            label=decision.label,
            score=decision.score,
            threshold=decision.threshold,
            captured_at_ns=captured_at_ns,
            decided_at_ns=now_ns,
            latency_ms=max(now_ns - (captured_at_ns or occasion.triggered_at_ns), 0) / _NS_PER_MS,
        )


def _subject(seen: Frame | Window, region: Region) -> Subject:
    """A window is judged as a whole, a picture in its region."""
    return seen if isinstance(seen, Window) else cut(seen.pixels, region)


def _reserve_ms(deadline_ms: float) -> float:
    return min(deadline_ms * _RESERVE_SHARE, _RESERVE_MAX_MS)
