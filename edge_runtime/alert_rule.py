"""Which verdicts become alerts: each defect, and of consecutive unknowns with one cause the first, then one a minute.

Pure; the counts of a point's alerts always add up to its verdicts that were not good.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import Alert, Severity
from edge_contracts.verdict import Cause, Outcome, Verdict

if TYPE_CHECKING:
    from typing import Literal

REPEAT_NS: Final = 60 * 1_000_000_000
"""An unbroken run of unknowns with one cause is told once in this time."""

_MACHINE_CAUSES: Final = frozenset(
    {
        Cause.NO_FRAME,
        Cause.SOURCE_LOST,
        Cause.TRIGGER_LOST,
        Cause.FROZEN,
        Cause.MOVED,
        Cause.QUIET,
        Cause.BACKEND_HUNG,
        Cause.BACKEND_FAILED,
        Cause.INTERNAL,
    }
)
"""Causes that stop the inspection of every part until somebody comes."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What one verdict leads to.

    earlier: closes a run of unknowns that this verdict ended.
    now: the verdict's own alert.
    """

    earlier: Alert | None = None
    now: Alert | None = None


class AlertRule:
    """The rule of one inspection point."""

    def __init__(self) -> None:
        self._cause: Cause | None = None
        self._told_at_ns = 0
        self._untold = 0
        self._latest: Verdict | None = None

    def admit(self, verdict: Verdict) -> Admitted:
        """Take the next verdict of the point."""
        if verdict.outcome is Outcome.UNKNOWN and verdict.cause is self._cause:
            return Admitted(now=self._continue(verdict))
        earlier = self.flush()
        self._cause = verdict.cause if verdict.outcome is Outcome.UNKNOWN else None
        self._told_at_ns = verdict.decided_at_ns
        return Admitted(earlier, None if verdict.outcome is Outcome.GOOD else alert_of(verdict))

    def due(self, now_ns: int) -> Alert | None:
        """What must be told because a minute is over, although no verdict came since."""
        if self._untold and now_ns - self._told_at_ns >= REPEAT_NS:
            self._told_at_ns = now_ns
            return self._tell()
        return None

    def flush(self) -> Alert | None:
        """What is still untold; for the end of a run and of the daemon."""
        return self._tell() if self._untold else None

    def _continue(self, verdict: Verdict) -> Alert | None:
        self._untold += 1
        self._latest = verdict
        return self.due(verdict.decided_at_ns)

    def _tell(self) -> Alert | None:
        latest, count = self._latest, self._untold
        self._latest, self._untold = None, 0
        return alert_of(latest, count) if latest else None


def alert_of(verdict: Verdict, count: int = 1) -> Alert:
    """The alert of a verdict that is not good, without evidence; whatever the verdict says, it can be told.

    Raises:
        ValueError: the verdict is good.
    """
    return Alert(
        point=verdict.point,
        part=verdict.part,
        outcome=_not_good(verdict),
        cause=verdict.cause,
        reason=verdict.reason,
        severity=Severity.CRITICAL if verdict.cause in _MACHINE_CAUSES else Severity.WARNING,
        model=verdict.model,
        label=verdict.label,
        score=_finite(verdict.score),
        threshold=_finite(verdict.threshold),
        latency_ms=max(_finite(verdict.latency_ms) or 0.0, 0.0),
        count=count,
    )


def _finite(number: float | None) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return number if number is not None and math.isfinite(number) else None


def _not_good(verdict: Verdict) -> Literal[Outcome.DEFECT, Outcome.UNKNOWN]:
    if verdict.outcome is Outcome.GOOD:
        raise ValueError(f"wanted a verdict that is not good, found part {verdict.part} good")
    return verdict.outcome
