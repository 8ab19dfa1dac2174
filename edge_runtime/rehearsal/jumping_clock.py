"""The board's clocks, of which the wall clock jumps while the timetable says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge_runtime.rehearsal.fault import FaultKind

if TYPE_CHECKING:
    from edge_runtime.outbox.delivery_clock import DeliveryClock, Moment
    from edge_runtime.rehearsal.timetable import Timetable

_MS_PER_S = 1000
_KINDS = {FaultKind.CLOCK_JUMPS}


class JumpingClock:
    """Another `DeliveryClock`, shifted."""

    def __init__(self, real: DeliveryClock, timetable: Timetable) -> None:
        self._real = real
        self._timetable = timetable

    def now(self) -> Moment:
        """All clocks at this moment; the wall clock never falls below 1970."""
        moment = self._real.now()
        fault = self._timetable.active(None, _KINDS)
        if fault is None:
            return moment
        return replace(moment, unix_ms=max(moment.unix_ms + int(fault.by_s * _MS_PER_S), 0))
