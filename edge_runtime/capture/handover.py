"""Where the reader's thread hands a reading to the pipeline's: one place, on demand.

A live source converts a reading only when somebody wants one, and until it is taken each newer one replaces it. A
folder or film waits until its reading is wanted, so none is ever skipped.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_runtime.capture.source import Reading


class Handover:
    """One place for one reading.

    Args:
        live: newer readings replace older ones.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._turn = threading.Condition()
        self._reading: Reading | None = None
        self._wanted = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """The source gave its last reading, and it was taken."""
        with self._turn:
            return self._ended and self._reading is None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a reading."""
        with self._turn:
            return self._wanted

    def want(self) -> None:
        """Ask for a reading; of a live source, one that is captured from now on."""
        with self._turn:
            if self._live:
                self._reading = None
            self._ask()

    def wait_until_wanted(self, timeout_s: float) -> bool:
        """Wait until a reading is wanted, at most `timeout_s`."""
        with self._turn:
            return self._turn.wait_for(lambda: self._wanted, timeout_s)

    def put(self, reading: Reading) -> None:
        """Hand over; a live source's reading that lay there and was not taken is replaced."""
        with self._turn:
            self._reading = reading
            self._wanted = self._live
            self._turn.notify_all()

    def end(self) -> None:
        """Say that nothing will follow."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()

    def take(self, timeout_s: float) -> Reading | None:
        """Take the reading, or None after `timeout_s` or at the end; the wish stays open until it is fulfilled."""
        with self._turn:
            self._ask()
            self._turn.wait_for(lambda: self._reading is not None or self._ended, timeout_s)
            taken, self._reading = self._reading, None
            if taken is not None:
                self._wanted = False
            return taken

    def _ask(self) -> None:
        if self._reading is None and not self._wanted:
            self._wanted = True
            self._turn.notify_all()
