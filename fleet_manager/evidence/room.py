"""How much room is left: a quota over all files, and what the disk must keep free.

What uploads under way will need is taken when they begin, so that several at once do not exceed the quota together.
Another process may write into the same folder: the files are counted again from time to time.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from fleet_manager.evidence.evidence_store import NoRoom

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_manager.evidence.evidence_store import Limits

COUNT_AGAIN_S: Final = 600.0


class Room:
    """Thread-safe.

    Args:
        limits: what may be used.
        count: the bytes in use, by a walk over the files.
        free: the bytes that are free on the disk.
        monotonic_s: seconds that never go back.
    """

    def __init__(
        self, limits: Limits, count: Callable[[], int], free: Callable[[], int], monotonic_s: Callable[[], float]
    ) -> None:
        self._limits, self._count, self._free, self._monotonic_s = limits, count, free, monotonic_s
        self._lock = threading.Lock()
        self._used: int | None = None
        self._counted_s = 0.0
        self._promised = 0

    def take(self, wanted: int) -> None:
        """Promise so many bytes to an upload.

        Raises:
            NoRoom: they are not there.
        """
        with self._lock:
            used = self._counted() + self._promised
            if used + wanted > self._limits.total_bytes:
                raise NoRoom(
                    f"wanted room for {wanted} bytes of evidence, found {used} of {self._limits.total_bytes} in use: "
                    "raise evidence_gib in site.toml, or remove old evidence"
                )
            if self._free() - self._promised - wanted < self._limits.free_bytes:
                raise NoRoom(
                    f"wanted {self._limits.free_bytes} bytes to stay free on the disk of the evidence, found less: "
                    "free some of it"
                )
            self._promised += wanted

    def settle(self, promised: int, written: int) -> None:
        """An upload ended: of what was promised so much was written."""
        with self._lock:
            self._promised -= promised
            self._used = self._counted() + written

    def give_back(self, removed: int) -> None:
        """Bytes were removed."""
        with self._lock:
            self._used = max(0, self._counted() - removed)

    def _counted(self) -> int:
        now_s = self._monotonic_s()
        if self._used is None or now_s - self._counted_s > COUNT_AGAIN_S:
            self._used, self._counted_s = self._count(), now_s
        return self._used
