"""A log that takes its time, and tells whether the rest went on meanwhile."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class SlowLog(logging.Handler):
    """Whoever logs waits here until another thread did something, or could not."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = int
        self.was_done: list[bool] = []

    def emit(self, record: logging.LogRecord) -> None:
        del record
        other = threading.Thread(target=self.meanwhile, daemon=True)
        other.start()
        other.join(1.0)
        self.was_done.append(not other.is_alive())


@contextmanager
def slow_log_of(name: str) -> Iterator[SlowLog]:
    """The log of a module, slow."""
    handler, log = SlowLog(), logging.getLogger(name)
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)
