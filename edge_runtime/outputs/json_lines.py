"""Each verdict as one JSON object per line, for a program that reads along.

Written by a thread of its own, because a reader that does not read must not hold up an inspection.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from queue import Full, Queue
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from edge_contracts.verdict import Verdict
    from edge_runtime.occasion import Inspected

_LINES_MAX = 10_000
_log = logging.getLogger(__name__)


class JsonLines:
    """Writes verdicts to a text stream: every field of `edge_contracts.verdict.Verdict`, and `frame`.

    `frame` is the number of the judged picture, from 1 per opening of the source; null when there was none.

    Args:
        stream: flushed after each line; closed by its owner.
    """

    def __init__(self, stream: TextIO) -> None:
        self.dropped = 0
        self._stream = stream
        self._line: Queue[tuple[Verdict, int | None] | None] = Queue(_LINES_MAX)
        self._thread = threading.Thread(target=self._run, name="json-lines", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, then stop; False, and a line in the log, when the reader does not read."""
        until_s = time.monotonic() + timeout_s
        with suppress(Full):
            self._line.put(None, timeout=timeout_s)
        self._thread.join(max(until_s - time.monotonic(), 0.0))
        if self._thread.is_alive():
            _log.error("the reader of the JSON lines does not read: %d lines stay unwritten", self._line.qsize())
            return False
        return True

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once, and counts it as dropped when the reader is 10,000 lines behind."""
        try:
            self._line.put_nowait((inspected.verdict, inspected.seen.number if inspected.seen else None))
        except Full:
            self.dropped += 1

    def _run(self) -> None:
        try:
            while (line := self._line.get()) is not None:
                verdict, frame = line
                self._stream.write(json.dumps(asdict(verdict) | {"frame": frame}) + "\n")
                self._stream.flush()
        except (OSError, ValueError) as error:
            _log.warning("nobody reads the JSON lines any more (%s)", error)
