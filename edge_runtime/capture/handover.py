"""Where the reader's thread hands a reading to the pipeline's: one place, on demand.

A live source converts a reading only when somebody wants one, and until it is taken each newer one replaces it, except
where the first after the wish is the one that counts. A folder or film waits until its reading is wanted, so none is
ever skipped.

Each side waits at a bell of its own (`queue.SimpleQueue`, which waits in C) and looks again when it has rung: once per
frame that is less than half of the calls that a `threading.Condition` makes. What a reader glances at for itself is
converted, too, and does not come here.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_runtime.capture.source import Reading


class Handover:
    """One place for one reading; one thread puts, one takes.

    Args:
        live: newer readings replace older ones.
        keeps_first: a live source's first reading after the wish lies there until it is taken; none replaces it.
    """

    def __init__(self, *, live: bool, keeps_first: bool = False) -> None:
        self._live = live
        self._replaces = live and not keeps_first
        self._turn = threading.Lock()
        self._asked, self._filled = _Bell(), _Bell()
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
            if self._wanted:
                return True
            self._asked.listen()
        self._asked.wait(timeout_s)
        return self.wanted

    def put(self, reading: Reading) -> None:
        """Hand over; a live source's reading that lay there and was not taken is replaced."""
        with self._turn:
            self._reading = reading
            self._wanted = self._replaces
            self._filled.ring()

    def end(self) -> None:
        """Say that nothing will follow."""
        with self._turn:
            self._ended = True
            self._filled.ring()

    def take(self, timeout_s: float) -> Reading | None:
        """Take the reading, or None after `timeout_s` or at the end; the wish stays open until it is fulfilled."""
        until_s = monotonic() + timeout_s
        while True:
            with self._turn:
                self._ask()
                taken, self._reading = self._reading, None
                if taken is not None:
                    self._wanted = False
                left_s = until_s - monotonic()
                if taken is not None or self._ended or left_s <= 0:
                    return taken
                self._filled.listen()
            self._filled.wait(left_s)

    def _ask(self) -> None:
        if self._reading is None and not self._wanted:
            self._wanted = True
            self._asked.ring()


class _Bell:
    """Wakes the one that listens; nobody hears it twice, and it does not ring when nobody listens."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()
        self._is_heard = False

    def listen(self) -> None:
        """From now on it rings; under the lock of what it tells of, before `wait`."""
        self._is_heard = True

    def ring(self) -> None:
        """Under the same lock."""
        if self._is_heard:
            self._is_heard = False
            self._rings.put(None)

    def wait(self, timeout_s: float) -> None:
        """Until it has rung, also for an earlier listener who went away; at most `timeout_s`, without the lock."""
        try:  # noqa: SIM105 - once per frame
            self._rings.get(timeout=timeout_s)
        except Empty:
            pass
