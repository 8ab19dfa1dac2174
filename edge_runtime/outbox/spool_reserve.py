"""Disk space held back for bad days: on a full disk even the DELETE that would free space fails for want of log space.

The reserve is a file whose blocks are allocated. It is removed when a commit finds the disk full, which gives the
write-ahead log room to shed, and made again when there is space for two.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_SPARE: Final = 2


class Reserve:
    """The file beside the spool, `<spool>.reserve`, of `size_bytes`."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size = size_bytes
        self.held = False

    def hold(self) -> None:
        """Allocate the blocks, unless they are held or the disk has no room for twice as much."""
        if self.held:
            return
        if self._path.exists() and self._path.stat().st_blocks * 512 >= self._size:
            self.held = True
        elif self._free_bytes() >= _SPARE * self._size:
            self.held = self._allocate()

    def give_up(self) -> bool:
        """Free the blocks; says whether there were any to free."""
        self.held, was_there = False, self._path.exists()
        self._path.unlink(missing_ok=True)
        return was_there

    def _free_bytes(self) -> int:
        figures = os.statvfs(self._path.parent)
        return figures.f_bavail * figures.f_frsize

    def _allocate(self) -> bool:
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
                os.fsync(file.fileno())
        except OSError as err:
            self._path.unlink(missing_ok=True)
            _LOG.warning("wanted a reserve of %d bytes at %s, found %s: free some disk", self._size, self._path, err)
            return False
        return True
