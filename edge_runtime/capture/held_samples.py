"""What a driver's thread has laid down and nobody has read yet: bounded, and it says where something was lost."""

from __future__ import annotations

import threading
from collections import deque


class HeldSamples:
    """Bytes in the order they came; `put` and `take` may be called by different threads.

    Args:
        most_bytes: what comes beyond it is thrown away.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._turn = threading.Lock()
        self._pieces: deque[tuple[bytes, bool]] = deque()
        self._size = 0
        self._lost = False

    @property
    def size(self) -> int:
        """Bytes that lie there."""
        return self._size

    def put(self, piece: bytes, *, lost: bool) -> None:
        """Lay down what came; `lost` when the driver says that something before it did not."""
        with self._turn:
            self._lost = self._lost or lost
            if self._size + len(piece) > self._most_bytes:
                self._lost = True
                return
            self._pieces.append((piece, self._lost))
            self._size += len(piece)
            self._lost = False

    def take(self, size: int) -> tuple[bytes, bool]:
        """At most `size` bytes, the oldest first, never across a loss, and whether something was lost before them."""
        with self._turn:
            taken = bytearray()
            lost = bool(self._pieces) and self._pieces[0][1]
            while self._pieces and len(taken) < size and not (taken and self._pieces[0][1]):
                piece, _ = self._pieces.popleft()
                left = size - len(taken)
                taken += piece[:left]
                if len(piece) > left:
                    self._pieces.appendleft((piece[left:], False))
            self._size -= len(taken)
            return bytes(taken), lost
