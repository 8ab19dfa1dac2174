"""Files that belong to parts whose verdict was told without them: whoever comes next must not be judged by one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_runtime.frames import Arrival

PATIENCE_S: Final = 10.0
"""A file that a watched folder still lacks so long after its part's time was never written."""
_OWED_MAX: Final = 1024
_NS_PER_S: Final = 1_000_000_000


class OwedFiles:
    """Counts them in the order of their parts. It lives with the reader: a point that is reloaded owes what it owed."""

    def __init__(self) -> None:
        self._parts: deque[tuple[int, int]] = deque(maxlen=_OWED_MAX)

    def __len__(self) -> int:
        return len(self._parts)

    def owe(self, from_ns: int, until_ns: int) -> None:
        """A part was told without its file.

        Args:
            from_ns: monotonic; its file cannot have come before, 0 where it can.
            until_ns: it should have come by then.
        """
        self._parts.append((from_ns, until_ns))

    def pays(self, arrival: Arrival | None) -> bool:
        """Whether the next file is that of the part that waits for one the longest; that part waits no more then.

        Args:
            arrival: when the file came, None where nobody watched.
        """
        if arrival is not None:
            while self._parts and arrival.absent_at_ns > self._parts[0][1] + PATIENCE_S * _NS_PER_S:
                self._parts.popleft()
        if not self._parts or (arrival is not None and arrival.seen_at_ns < self._parts[0][0]):
            return False
        self._parts.popleft()
        return True
