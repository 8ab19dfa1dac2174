"""The thread that keeps one wire open for as long as the daemon runs, and hands on what it hears."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from edge_runtime.own_thread import OwnThread
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.clock import Clock
    from edge_runtime.terminals.wire import Wire

LONGEST_WAIT_S = 0.2
"""How long a wire is listened to at a time; so soon a stop is heard."""
_NS_PER_S = 1_000_000_000

_log = logging.getLogger(__name__)

Heard = TypeVar("Heard")


@dataclass(slots=True)
class WireCounts:
    """What happened to a wire since the start.

    opened, lost: times that it was opened, and that it broke or could not be opened.
    broken: times that it broke while it was open.
    heard: things that it said.
    """

    opened: int = 0
    lost: int = 0
    broken: int = 0
    heard: int = 0


class Listener(OwnThread, Generic[Heard]):
    """Listens to one wire in a named thread.

    Args:
        name: for the thread and the log.
        wire: not yet open; used by this thread alone after `start`.
        take: is given everything that is heard, in the listener's thread; returns at once.
        clock: monotonic.
        backoff: the waits between attempts to open.
        stuck_after_s: a wire whose driver has not answered for so long counts as lost.

    Attributes:
        last_loss: why nothing could be heard, the last time that nothing could.
    """

    def __init__(
        self,
        name: str,
        wire: Wire[Heard],
        take: Callable[[Heard], None],
        *,
        clock: Clock,
        backoff: Backoff,
        stuck_after_s: float = 10.0,
    ) -> None:
        super().__init__(f"listen-{name}", name)
        self.name = name
        self.counts = WireCounts()
        self._wire = wire
        self._take = take
        self._clock = clock
        self._backoff = backoff
        self._stuck_after_ns = int(stuck_after_s * _NS_PER_S)
        self.last_loss = "it is not open yet"
        self._lost: str | None = self.last_loss
        self._alive_at_ns = clock.now_ns()

    @property
    def lost(self) -> str | None:
        """Why nothing can be heard, None while the wire is open."""
        still_ns = self._clock.now_ns() - self._alive_at_ns
        if self._lost is None and still_ns > self._stuck_after_ns:
            return f"its driver has not answered for {still_ns / _NS_PER_S:.0f} s"
        return self._lost

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except WireLost as error:
                self._note_loss(str(error))
            except Exception as error:  # noqa: BLE001 - a driver's own exceptions; the wire is opened again
                _log.exception("%s: the wire failed", self.name)
                self._note_loss(f"it failed ({type(error).__name__}: {error})")
            finally:
                self._close()
            if not self._stop.is_set():
                self._clock.wait(self._stop, self._backoff.next_s())

    def _listen(self) -> None:
        self._wire.open()
        self.counts.opened += 1
        if self.counts.lost:
            _log.warning("%s: open again", self.name)
        self._alive_at_ns = self._clock.now_ns()
        self._lost = None
        while not self._stop.is_set():
            heard = self._wire.wait(LONGEST_WAIT_S)
            self._alive_at_ns = self._clock.now_ns()
            self._backoff.reset()
            for one in heard:
                self.counts.heard += 1
                self._take(one)

    def _close(self) -> None:
        try:
            self._wire.close()
        except Exception:  # noqa: BLE001 - a wire that cannot be closed must still be opened again
            _log.exception("%s: closing failed", self.name)

    def _note_loss(self, reason: str) -> None:
        if self._stop.is_set():
            return
        self.counts.lost += 1
        if self._lost != reason:
            _log.warning("%s: %s", self.name, reason)
        self.last_loss = reason
        self.counts.broken += self._lost is None
        self._lost = reason
