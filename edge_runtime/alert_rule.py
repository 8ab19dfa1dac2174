"""Which verdicts become alerts, and when.

Of consecutive unknowns with one cause the first is told, then one a minute. Defects are told each, unless the station
holds some back: until so many of the last parts were defects, or while one of the same label was told a moment ago.
What is held back is counted and told with the next alert, or after a minute. A critical defect is never held back.

Pure; the counts of a point's alerts always add up to its verdicts that were not good. No verdict is changed here.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.alert import Alert, AlikePart, Severity
from edge_contracts.station import Alerting
from edge_contracts.verdict import Cause, Grade, Outcome, Verdict

if TYPE_CHECKING:
    from typing import Literal

REPEAT_NS: Final = 60 * 1_000_000_000
"""An unbroken run of unknowns with one cause is told once in this time; held defects wait no longer, or a cool-down."""

_NS_PER_S: Final = 1_000_000_000

_MACHINE_CAUSES: Final = frozenset(
    {Cause.NO_FRAME, Cause.SOURCE_LOST, Cause.FROZEN, Cause.BACKEND_HUNG, Cause.BACKEND_FAILED, Cause.INTERNAL}
)
"""Causes that stop the inspection of every part until somebody comes."""

_BY_GRADE: Final = {Grade.CRITICAL: Severity.CRITICAL, Grade.MAJOR: Severity.WARNING, Grade.MINOR: Severity.INFO}


@dataclass(frozen=True, slots=True)
class Admitted:
    """What one verdict leads to.

    earlier: closes a run of unknowns that this verdict ended.
    now: the verdict's own alert.
    """

    earlier: Alert | None = None
    now: Alert | None = None


@dataclass(slots=True)
class _Held:
    """Verdicts that are not told yet: how many, the last of them, and since when."""

    count: int = 0
    latest: Verdict | None = None
    since_ns: int = 0

    def add(self, verdict: Verdict) -> None:
        self.since_ns = self.since_ns if self.count else verdict.decided_at_ns
        self.count += 1
        self.latest = verdict

    def alert(self) -> Alert | None:
        return alert_of(self.latest, self.count) if self.latest else None

    def tell(self) -> Alert | None:
        latest, count = self.latest, self.count
        self.latest, self.count = None, 0
        return alert_of(latest, count) if latest else None


class AlertRule:
    """The rule of one inspection point.

    Args:
        settings: which defects are held back.
    """

    def __init__(self, settings: Alerting | None = None) -> None:
        self._settings = settings or Alerting()
        self._cool_down_ns = int(self._settings.cool_down_s * _NS_PER_S)
        self._cause: Cause | None = None
        self._told_at_ns = 0
        self._unknowns = _Held()
        self._recent: deque[bool] = deque(maxlen=self._settings.of)
        self._defects = _Held()
        self._label: str | None = None
        self._defect_told_at_ns: int | None = None

    def admit(self, verdict: Verdict) -> Admitted:
        """Take the next verdict of the point."""
        self._recent.append(verdict.outcome is Outcome.DEFECT)
        if verdict.outcome is Outcome.UNKNOWN and verdict.cause is self._cause:
            self._unknowns.add(verdict)
            return Admitted(now=self._unknowns_due(verdict.decided_at_ns))
        earlier = self._unknowns.tell()
        self._cause = verdict.cause if verdict.outcome is Outcome.UNKNOWN else None
        self._told_at_ns = verdict.decided_at_ns
        if verdict.outcome is Outcome.DEFECT:
            return Admitted(earlier, self._admit_defect(verdict))
        return Admitted(earlier, None if verdict.outcome is Outcome.GOOD else alert_of(verdict))

    def due(self, now_ns: int) -> Alert | None:
        """What must be told because its time is over, although no verdict came since; ask again for more."""
        return self._unknowns_due(now_ns) or self._defects_due(now_ns)

    def flush(self) -> Alert | None:
        """What is still untold, for the end of the daemon; ask again until there is nothing."""
        return self._unknowns.tell() or self._defects.tell()

    def held_back(self) -> tuple[Alert, ...]:
        """What `flush` would tell now; nothing is changed."""
        return tuple(alert for alert in (self._unknowns.alert(), self._defects.alert()) if alert is not None)

    def _unknowns_due(self, now_ns: int) -> Alert | None:
        if self._unknowns.count and now_ns - self._told_at_ns >= REPEAT_NS:
            self._told_at_ns = now_ns
            return self._unknowns.tell()
        return None

    def _defects_due(self, now_ns: int) -> Alert | None:
        if self._defects.count and now_ns - self._defects.since_ns >= max(REPEAT_NS, self._cool_down_ns):
            return self._tell_defects(now_ns)
        return None

    def _admit_defect(self, verdict: Verdict) -> Alert | None:
        self._defects.add(verdict)
        is_few = sum(self._recent) < self._settings.defects
        if verdict.grade is not Grade.CRITICAL and (is_few or self._is_cooling_down(verdict)):
            return self._defects_due(verdict.decided_at_ns)
        return self._tell_defects(verdict.decided_at_ns)

    def _is_cooling_down(self, verdict: Verdict) -> bool:
        told_at_ns = self._defect_told_at_ns
        if told_at_ns is None or verdict.label != self._label:
            return False
        return verdict.decided_at_ns - told_at_ns < self._cool_down_ns

    def _tell_defects(self, now_ns: int) -> Alert | None:
        self._label = self._defects.latest.label if self._defects.latest else None
        self._defect_told_at_ns = now_ns
        return self._defects.tell()


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
        severity=_severity(verdict),
        model=verdict.model,
        label=verdict.label,
        score=_finite(verdict.score),
        threshold=_finite(verdict.threshold),
        latency_ms=max(_finite(verdict.latency_ms) or 0.0, 0.0),
        count=count,
        lessons=verdict.lessons,
        alike=tuple(
            AlikePart(kind=one.kind, part=one.part, distance=one.distance)
            for one in verdict.alike
            if 0 <= one.distance < math.inf
        ),
    )


def alert_of_number(point: str, count: int, line_max: int) -> Alert:
    """The alert of so many others that have no words of their own: a line of `line_max` was full, or by a fault."""
    return Alert(
        point=point,
        part="untold",
        outcome=Outcome.UNKNOWN,
        cause=Cause.INTERNAL,
        reason=f"{count} alerts could not be told one by one: the line of {line_max} was full, or a fault; see the log",
        severity=Severity.CRITICAL,
        latency_ms=0.0,
        count=count,
    )


def _severity(verdict: Verdict) -> Severity:
    if verdict.cause in _MACHINE_CAUSES:
        return Severity.CRITICAL
    return _BY_GRADE[verdict.grade] if verdict.grade else Severity.WARNING


def _finite(number: float | None) -> float | None:
    """JSON knows neither NaN nor infinity."""
    return number if number is not None and math.isfinite(number) else None


def _not_good(verdict: Verdict) -> Literal[Outcome.DEFECT, Outcome.UNKNOWN]:
    if verdict.outcome is Outcome.GOOD:
        raise ValueError(f"wanted a verdict that is not good, found part {verdict.part} good")
    return verdict.outcome
