"""A lock that somebody waits for: whoever leaves it lets him through."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Passage:
    """Stands in for a lock; once it was free for the first time, it calls `waiting`, which may take it."""

    def __init__(self, waiting: Callable[[], object]) -> None:
        self._waiting = [waiting]
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._waiting:
            self._waiting.pop()()
