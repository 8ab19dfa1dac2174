"""The register of what is wrong with the station now: whoever notices says so here, and log, state and uplink read it.

A condition is told when it begins and when it ends, not as often as it is noticed.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.alert import Severity
from edge_contracts.wire_time import wire_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge_contracts.message import ClockTrust
    from edge_runtime.outbox.delivery_clock import Moment

_REASON_MAX: Final = 512
_LEVELS: Final = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.CRITICAL: logging.CRITICAL,
}
_RANK: Final = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Condition:
    reason: str
    severity: Severity
    active: bool
    count: int
    first: datetime
    last: datetime


class Conditions:
    """May be used from any thread.

    Example:
        >>> conditions.set(AlarmType.DISK, "state", "the disk is full: remove files")
        >>> conditions.set(AlarmType.DISK, "state", None)

    Args:
        now: all clocks; of them the wall clock is told, and how far it is trusted.
    """

    def __init__(self, now: Callable[[], Moment]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._conditions: dict[tuple[AlarmType, str], _Condition] = {}
        self._held = False

    def hold(self) -> None:
        """The daemon stops: what lasts is not over because nobody looks any more."""
        with self._lock:
            self._held = True

    def set(self, kind: AlarmType, where: str, reason: str | None, severity: Severity = Severity.WARNING) -> None:
        """Say that a condition lasts, or with None that it does not; returns at once.

        Args:
            kind: what is wrong.
            where: the inspection point or the part of the board.
            reason: one sentence: what was wanted, found, and what to do.
            severity: how soon a person must act.
        """
        with self._lock:
            known = self._conditions.get((kind, where))
            if reason is None:
                changed = known is not None and not self._held and self._end(known)
            else:
                changed = self._begin((kind, where), known, reason[:_REASON_MAX], severity)
        if changed and reason is None:
            _log.warning("%s (%s): over", kind.value, where)
        elif changed:
            _log.log(_LEVELS[severity], "%s (%s): %s", kind.value, where, reason)

    def is_active(self, kind: AlarmType, where: str | None = None) -> bool:
        """Whether a condition lasts, at one place or at any."""
        with self._lock:
            items = list(self._conditions.items())
        return any(one.active and key[0] is kind and where in {None, key[1]} for key, one in items)

    def active(self) -> tuple[AlarmType, ...]:
        """The types that last now, in the order of `AlarmType`."""
        with self._lock:
            lasting = {key[0] for key, one in self._conditions.items() if one.active}
        return tuple(kind for kind in AlarmType if kind in lasting)

    def alarms(self) -> tuple[Alarm, ...]:
        """One alarm per type, those that never began included, so that what a broker has retained can be corrected."""
        trust = self._now().trust
        with self._lock:
            return tuple(self._alarm(kind, trust) for kind in AlarmType)

    def _begin(self, key: tuple[AlarmType, str], known: _Condition | None, reason: str, severity: Severity) -> bool:
        """Whether that is news; words that only differ in their figures are none."""
        now = self._wall()
        if known is None:
            self._conditions[key] = _Condition(reason, severity, True, 1, now, now)
            return True
        news = not known.active or severity is not known.severity
        if not news:
            return False
        known.count += not known.active
        known.reason, known.severity, known.active, known.last = reason, severity, True, now
        return True

    def _wall(self) -> datetime:
        return wire_time(self._now().unix_ms)

    def _end(self, known: _Condition) -> bool:
        if not known.active:
            return False
        known.active, known.last = False, self._wall()
        return True

    def _alarm(self, kind: AlarmType, trust: ClockTrust) -> Alarm:
        known = {key[1]: one for key, one in self._conditions.items() if key[0] is kind}
        if not known:
            return Alarm(type=kind, active=False, severity=Severity.INFO, clk=trust)
        lasting = {where: one for where, one in known.items() if one.active}
        told = max((lasting or known).values(), key=lambda one: (_RANK.index(one.severity), one.last))
        return Alarm(
            type=kind,
            active=bool(lasting),
            severity=told.severity,
            reason=told.reason,
            where=tuple(sorted(lasting)),
            count=sum(one.count for one in known.values()),
            first=min(one.first for one in known.values()),
            last=max(one.last for one in known.values()),
            clk=trust,
        )
