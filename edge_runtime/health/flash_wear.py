"""How much the daemon writes to the board's flash in a day, and when it gives up pictures to spare it.

Counted by the kernel for the whole process (`write_bytes` of /proc/self/io, proc(5)): spool, records, evidence and
whatever else, in whole pages as the disk sees them.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_contracts.alarm import AlarmType

if TYPE_CHECKING:
    from edge_runtime.clock import Clock
    from edge_runtime.conditions import Conditions

_HOURS: Final = 24
_NS_PER_HOUR: Final = 3600 * 1_000_000_000
_GB: Final = 1e9


class FlashWear:
    """Counts and judges; `look` belongs to one thread, everything else may be asked by any.

    Args:
        limit_bytes: of 24 hours; 0 for no limit.
        clock: monotonic, so that a wall clock that jumps moves no limit.
        conditions: told when pictures are given up.
        root: where `proc` is.

    Attributes:
        bytes_in_a_day: written in the last 24 hours, or since the start; None where the kernel does not count.
        allows_pictures: False while the limit is reached.
    """

    def __init__(self, limit_bytes: int, clock: Clock, conditions: Conditions, root: Path = Path("/")) -> None:
        self.bytes_in_a_day: int | None = None
        self.allows_pictures = True
        self._limit_bytes, self._clock, self._conditions = limit_bytes, clock, conditions
        self._file = root / "proc/self/io"
        self._at_hour: deque[tuple[int, int]] = deque(maxlen=_HOURS + 1)

    def look(self) -> None:
        """Read the count and judge it."""
        written = self._written()
        if written is None:
            return
        hour = self._clock.now_ns() // _NS_PER_HOUR
        if not self._at_hour or self._at_hour[-1][0] != hour:
            self._at_hour.append((hour, written if self._at_hour else 0))
        while self._at_hour[0][0] < hour - _HOURS:
            self._at_hour.popleft()
        self.bytes_in_a_day = written - self._at_hour[0][1]
        self._judge(self.bytes_in_a_day)

    def _judge(self, found: int) -> None:
        self.allows_pictures = not self._limit_bytes or found < self._limit_bytes
        reason = (
            f"wanted at most {self._limit_bytes / _GB:.1f} GB written in 24 hours, found {found / _GB:.1f}; "
            "no further pictures are kept; keep fewer, or raise board.flash_bytes_per_day"
        )
        self._conditions.set(AlarmType.FLASH, "pictures", None if self.allows_pictures else reason)

    def _written(self) -> int | None:
        try:
            lines = self._file.read_text("ascii").splitlines()
        except OSError:
            return None
        amounts = {name: amount.strip() for name, _, amount in (line.partition(":") for line in lines)}
        found = amounts.get("write_bytes", "")
        return int(found) if found.isdigit() else None
