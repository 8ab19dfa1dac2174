"""Which fault is being acted out at this moment, for all who act."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.clock import Clock
    from edge_runtime.rehearsal.fault import Fault, FaultKind

_NS_PER_S = 1_000_000_000


class Timetable:
    """The faults of a rehearsal on the monotonic clock; nothing goes wrong before it begins.

    Args:
        faults: one after the other.
        clock: monotonic.
    """

    def __init__(self, faults: Sequence[Fault], clock: Clock) -> None:
        self.faults = tuple(faults)
        self.begun = threading.Event()
        self.first_harm_ns: dict[tuple[Fault, str], int] = {}
        self.began_at_ns = 0
        self._clock = clock

    def begin(self) -> None:
        """Count from now; a second call changes nothing."""
        if not self.begun.is_set():
            self.began_at_ns = self._clock.now_ns()
            self.begun.set()

    def span_ns(self, fault: Fault) -> tuple[int, int]:
        """Beginning and end of a fault, monotonic nanoseconds."""
        return self._at_ns(fault.at_s), self._at_ns(fault.end_s)

    def active(self, point: str | None, kinds: frozenset[FaultKind] | set[FaultKind]) -> Fault | None:
        """The fault of one of these kinds that strikes a point at this moment; None as point: any."""
        if not self.begun.is_set():
            return None
        now_ns = self._clock.now_ns()
        for fault in self.faults:
            begin_ns, end_ns = self.span_ns(fault)
            strikes = point is None or fault.strikes(point)
            if fault.kind in kinds and strikes and begin_ns <= now_ns < end_ns:
                return fault
        return None

    def left_s(self, fault: Fault) -> float:
        """Until its end, in seconds; 0 when it is over."""
        return max((self.span_ns(fault)[1] - self._clock.now_ns()) / _NS_PER_S, 0.0)

    def now_s(self) -> float:
        """Seconds since it began."""
        return (self._clock.now_ns() - self.began_at_ns) / _NS_PER_S

    def note_harm(self, fault: Fault, point: str) -> None:
        """A point's model was asked while it could not answer rightly; only the first time of a fault counts."""
        self.first_harm_ns.setdefault((fault, point), self._clock.now_ns())

    def _at_ns(self, seconds: float) -> int:
        return self.began_at_ns + int(seconds * _NS_PER_S)
