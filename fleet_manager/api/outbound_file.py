"""A file that is given away while it is written."""

from __future__ import annotations

import io
from typing import Any


class OutboundFile(io.RawIOBase):
    """A file that only grows, and whose bytes are taken away."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = bytearray()
        self._taken = 0

    def writable(self) -> bool:
        """It is written, and nothing else."""
        return True

    def write(self, data: Any) -> int:
        """Keep these bytes until they are taken."""
        self._bytes += data
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._taken + len(self._bytes)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._bytes)
        self._taken += len(taken)
        self._bytes.clear()
        return taken
