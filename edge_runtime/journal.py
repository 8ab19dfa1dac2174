"""The daemon's log, written by a thread of its own: a reader that is stuck holds up nobody, not even the end.

The standard library's queue listener waits for its thread for ever when it stops; this one has a deadline.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from queue import Full, Queue
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from types import TracebackType

LINES_MAX = 10_000
STOP_S = 2.0
"""How long the end waits until the last lines are written."""


class Journal(logging.Handler):
    """Writes log records and lines; drops lines, and says how many, when nobody reads them.

    As a context it attaches itself to the root logger, and at the end writes what waits, for at most `STOP_S`.

    Args:
        stream: flushed after each line; closed by its owner.
        level: of the root logger while the journal is attached.
    """

    def __init__(self, stream: TextIO, level: int) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self.is_stuck = False
        self._stream = stream
        self._root_level = level
        self._before = logging.NOTSET
        self._dropped = 0
        self._lines: Queue[str | None] = Queue(LINES_MAX)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Format in the thread that logs, write in the journal's."""
        try:
            self.say(self.format(record))
        except Exception:  # noqa: BLE001 - a line that cannot be formatted is the logging library's to report
            self.handleError(record)

    def say(self, line: str) -> None:
        """Write a line as it is; returns at once."""
        told = f"({self._dropped} log lines were dropped) {line}" if self._dropped else line
        try:
            self._lines.put_nowait(told)
        except Full:
            self._dropped += 1
        else:
            self._dropped = 0

    def __enter__(self) -> Journal:  # noqa: PYI034 - nobody derives from it
        self._thread.start()
        root = logging.getLogger()
        self._before = root.level
        root.addHandler(self)
        root.setLevel(self._root_level)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        until_s = time.monotonic() + STOP_S
        with suppress(Full):
            self._lines.put(None, timeout=STOP_S)
        self._thread.join(max(until_s - time.monotonic(), 0.0))
        self.is_stuck = self._thread.is_alive()
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._before)

    def _run(self) -> None:
        with suppress(OSError, ValueError):
            while (line := self._lines.get()) is not None:
                self._stream.write(line + "\n")
                self._stream.flush()
