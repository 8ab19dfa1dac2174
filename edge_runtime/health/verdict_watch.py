"""What a row of verdicts says of the station: a blind camera, a dead microphone, a stage that fails, missed deadlines.

A sink: it counts in the loops' threads and tells the register only when something begins or ends.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from edge_contracts.alarm import AlarmType
from edge_contracts.alert import Severity
from edge_contracts.verdict import Cause

if TYPE_CHECKING:
    from edge_contracts.verdict import Verdict
    from edge_runtime.conditions import Conditions
    from edge_runtime.occasion import Inspected

IN_A_ROW: Final = 3
"""So many unknowns in a row with causes of one kind are a condition; one may be a cable that was touched."""

_KINDS: Final = {
    Cause.NO_FRAME: AlarmType.CAMERA,
    Cause.SOURCE_LOST: AlarmType.CAMERA,
    Cause.STALE: AlarmType.CAMERA,
    Cause.FROZEN: AlarmType.CAMERA,
    Cause.DARK: AlarmType.CAMERA,
    Cause.OVEREXPOSED: AlarmType.CAMERA,
    Cause.BLURRED: AlarmType.CAMERA,
    Cause.MOVED: AlarmType.CAMERA,
    Cause.BAD_FRAME: AlarmType.CAMERA,
    Cause.QUIET: AlarmType.CAMERA,
    Cause.CLIPPED: AlarmType.CAMERA,
    Cause.OFFSET: AlarmType.CAMERA,
    Cause.GAP: AlarmType.CAMERA,
    Cause.TRIGGER_LOST: AlarmType.TRIGGER,
    Cause.BACKEND_HUNG: AlarmType.MODEL,
    Cause.BACKEND_FAILED: AlarmType.MODEL,
    Cause.NOT_A_NUMBER: AlarmType.MODEL,
    Cause.INTERNAL: AlarmType.MODEL,
    Cause.DEADLINE: AlarmType.DEADLINE,
    Cause.MISSED: AlarmType.DEADLINE,
}
"""Every cause but those of a part that was judged."""
_MISSED: Final = frozenset({Cause.DEADLINE, Cause.BACKEND_HUNG})


class VerdictWatch:
    """Watches the verdicts of all points.

    Args:
        conditions: where it tells.
    """

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[AlarmType | None, int]] = {}
        self._missed = 0

    def take(self, inspected: Inspected) -> None:
        """Count a verdict; returns at once. Of a point that is not followed it says nothing of the station."""
        verdict = inspected.verdict
        kind = _KINDS.get(verdict.cause)
        with self._lock:
            self._missed += verdict.cause in _MISSED
            if verdict.point not in self._rows:
                return
            before, count = self._rows[verdict.point]
            count = count + 1 if kind is before else 1
            self._rows[verdict.point] = kind, count
        if count == 1 and before is not None:
            self._conditions.set(before, verdict.point, None)
        if kind is not None and count == IN_A_ROW:
            self._tell(kind, verdict)

    def follow(self, point: str) -> None:
        """A point begins: its rows are counted."""
        with self._lock:
            self._rows[point] = None, 0

    def forget(self, point: str) -> None:
        """A point is no more, and what was wrong with it neither; parts that it leaves behind are no row."""
        with self._lock:
            before, _ = self._rows.pop(point, (None, 0))
        if before is not None:
            self._conditions.set(before, point, None)

    def missed_since(self) -> int:
        """Parts without a verdict in time, of all points, since this was asked last."""
        with self._lock:
            missed, self._missed = self._missed, 0
        return missed

    def _tell(self, kind: AlarmType, verdict: Verdict) -> None:
        reason = f"{IN_A_ROW} parts in a row are unknown: {verdict.cause.value}: {verdict.reason}"
        self._conditions.set(kind, verdict.point, reason, Severity.CRITICAL)
