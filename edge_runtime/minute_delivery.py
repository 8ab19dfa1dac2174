"""Brings the minutes of statistics that are over into the spool.

What became of a minute is heard from the spool. One that no disk took goes back into the book, and is told with a later
minute; at the end, when there is no later one, it is written off and stands in the loss ledger.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import wait
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from edge_runtime.outbox.spool_errors import SpoolShed

if TYPE_CHECKING:
    from concurrent.futures import Future

    from edge_contracts.stats import Stats
    from edge_runtime.delivery_counts import DeliveryCounts
    from edge_runtime.minute_book import MinuteBook

_log = logging.getLogger(__name__)


class MinuteSpool(Protocol):
    """Where a minute is durable once its future has a result; `edge_runtime.outbox.outbox.Outbox` is one."""

    def offer(self, told: Stats) -> Future[Any]:
        """Hand over without waiting; the future fails when it is not stored."""
        ...

    def write_off(self, *, minutes: int) -> None:
        """So many minutes that were not stored will not be told again: the ledger tells of them."""
        ...


class MinuteDelivery:
    """Told and closed by one thread; the spool answers in its own.

    Args:
        book: the minutes.
        spool: makes them durable.
        counts: goes on counting there.
    """

    def __init__(self, book: MinuteBook, spool: MinuteSpool, counts: DeliveryCounts) -> None:
        self._book = book
        self._spool = spool
        self._counts = counts
        self._offered: list[Future[Any]] = []
        self._is_closed = False
        self._lock = threading.Lock()

    @property
    def unsettled(self) -> int:
        """Minutes that the spool was offered and has neither stored nor refused."""
        return sum(not future.done() for future in tuple(self._offered))

    def tell_due(self) -> None:
        """Offer the minutes that are over."""
        self._offer(self._book.due())

    def close(self, timeout_s: float) -> None:
        """Offer the minute that has begun too, and wait so long for answers; what is refused now is written off."""
        with self._lock:
            self._is_closed = True
            last = self._book.last()
        self._offer(last)
        wait(self._offered, timeout_s)

    def _offer(self, minutes: tuple[Stats, ...]) -> None:
        self._offered = [future for future in self._offered if not future.done()]
        for stats in minutes:
            future = self._spool.offer(stats)
            self._offered.append(future)
            future.add_done_callback(partial(self._settle, stats))

    def _settle(self, stats: Stats, future: Future[Any]) -> None:
        """What a full spool shed stands in its ledger already."""
        error = future.exception()
        if error is None:
            self._counts.minutes += 1
        elif not isinstance(error, SpoolShed) and not self._is_given_back(stats):
            self._counts.minutes_lost += 1
            self._spool.write_off(minutes=1)
            _log.error(
                "a minute of statistics is durable nowhere and will not be told again; the ledger counts it: %s", error
            )

    def _is_given_back(self, stats: Stats) -> bool:
        """Whether a later minute will tell it; not once the book was asked for its last."""
        with self._lock:
            if self._is_closed:
                return False
            self._counts.minutes_back += 1
            self._book.give_back(stats)
            return True
