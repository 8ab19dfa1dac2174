"""The thread between verdicts and the spool, while the next part is inspected.

An alert names its evidence, which is encoded for that, and goes to the spool; a thread of their own brings the pictures
to the disk behind it, so that no alert waits for one. When the disk is slow, or pictures take long to encode, pictures
are given up first; when the disk takes nothing for so long that the queue is full, further alerts are counted, and one
alert tells their number as soon as it takes again. A fault of the delivery's own is counted and told in the same way:
it costs an alert its words, never its number. The same thread tells the minutes that are over.

    verdict ──▶ AlertQueue ──▶ Delivery ──▶ spool ◀── MinuteDelivery ◀── MinuteBook
                                  └──▶ EvidenceWriter ──▶ evidence
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from edge_runtime.alert_queue import AlertQueue
from edge_runtime.delivery_counts import DeliveryCounts
from edge_runtime.evidence.writer import EvidenceWriter
from edge_runtime.minute_delivery import MinuteDelivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from edge_contracts.alert import Alert
    from edge_contracts.station import Alerting
    from edge_contracts.stats import Stats
    from edge_runtime.alert_queue import Queued
    from edge_runtime.clock import Clock
    from edge_runtime.evidence.piece import Piece
    from edge_runtime.minute_book import MinuteBook
    from edge_runtime.occasion import Inspected

OFFERED_MAX = 256
"""Alerts that may wait inside the spool; the next waits for the oldest of them to be durable."""

_POLL_S = 1.0
_COMMIT_TIMEOUT_S = 10.0
_PICTURE_PATIENCE_S = 2.0
"""An alert that has waited so long goes without its picture: encoding 12 megapixels and a heat map takes a second."""
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class AlertSpool(Protocol):
    """Where an alert is durable once its future has a result; `edge_runtime.outbox.outbox.Outbox` is one."""

    def offer(self, told: Alert | Stats) -> Future[Any]:
        """Hand over without waiting; the future fails when it is not stored, as the spool's ledger tells of alerts."""
        ...

    def write_off(self, alerts: int = 0, minutes: int = 0) -> None:
        """So many alerts and minutes that were not stored will not be told again: the ledger tells of them too."""
        ...


class KeepsEvidence(Protocol):
    """Where pictures go; `edge_runtime.evidence.EvidenceStore` is one."""

    def encoded(self, inspected: Inspected) -> tuple[Piece, ...]:
        """What backs a verdict, named and not written; empty when that is nothing. Waits for no disk."""
        ...

    def write(self, pieces: tuple[Piece, ...]) -> object:
        """Bring it to the disk; called by one thread."""
        ...


@dataclass(frozen=True, slots=True)
class _Offered:
    """An alert that the spool has, when it came to be and until when it must be durable (monotonic nanoseconds).

    alert: as it waited in the queue; what the spool has may name evidence, too.
    """

    alert: Alert
    since_ns: int
    future: Future[Any]
    until_ns: int


class Delivery:
    """Takes the verdicts of all points and brings those that must be told into the spool, in order.

    Args:
        spool: makes alerts durable.
        evidence: keeps pictures, None when none are wanted.
        clock: monotonic, the one of the verdicts.
        counts: goes on counting there.
        minutes: the statistics, None where nobody hears them.
    """

    def __init__(
        self,
        spool: AlertSpool,
        evidence: KeepsEvidence | None,
        clock: Clock,
        counts: DeliveryCounts | None = None,
        minutes: MinuteBook | None = None,
    ) -> None:
        self.counts = counts or DeliveryCounts()
        self._spool = spool
        self._evidence = evidence
        self._clock = clock
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._pictures = EvidenceWriter(clock)
        reserve = self._pictures.reserve if evidence is not None else None
        self._queue = AlertQueue(clock, self.counts, self._more, reserve)
        self._minutes = MinuteDelivery(minutes, spool, self.counts) if minutes is not None else None
        self._offered: deque[_Offered] = deque()
        self._late: list[_Offered] = []
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the threads are alive."""
        return self._thread.is_alive() and self._pictures.running

    @property
    def alert_waits_s(self) -> float:
        """How long the oldest alert that is not durable has waited in memory; 0 where there is none."""
        # In the order in which alerts move: one that moves on meanwhile is seen twice rather than not at all.
        waiting = (self._queue.oldest(), *tuple(self._offered)[:1], *self._late[:1])
        since_ns = [one.since_ns for one in waiting if one is not None]
        return max(0, self._clock.now_ns() - min(since_ns)) / _NS_PER_S if since_ns else 0.0

    @property
    def picture_waits_s(self) -> float:
        """How long the present write of evidence has taken until now; 0 where there is none."""
        return self._pictures.busy_s

    def held_back(self) -> tuple[Alert, ...]:
        """What a kill would take: alerts of parts that are held back, and those of several that are not durable yet."""
        return self._queue.held_back(lambda: tuple(one.alert for one in (*self._offered, *self._late)))

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once and never raises."""
        self._queue.admit(inspected)

    def keep(self, keeping: Callable[[], object]) -> None:
        """Keep evidence that no alert names, in turn; counted as dropped when too much waits."""
        if self._pictures.reserve():
            self._pictures.write(keeping)
        else:
            self.counts.extras_dropped += 1

    def tell(self, alerts: tuple[Alert, ...]) -> None:
        """Tell what another life of the daemon held back."""
        self._queue.put(alerts)

    def hold_back(self, point: str, settings: Alerting) -> None:
        """From now on tell a point's defects as `settings` ask; what was held back until now is told."""
        self._queue.hold_back(point, settings)

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()
        self._pictures.start()

    def stop(self, timeout_s: float) -> bool:
        """Tell what is untold, empty the queue, stop; False, and a line in the log, where an alert or minute is left.

        An alert that the spool was not offered in this time never will be: it enters the ledger. A picture's write that
        hangs is left behind and logged: it costs pictures alone, and no restart.
        """
        until_ns = self._clock.now_ns() + int(timeout_s * _NS_PER_S)
        self._queue.put_all_held()
        self._stopping.set()
        self._more.set()
        self._thread.join(timeout_s)
        behind = self._write_off() + len(self._offered)
        self._pictures.stop(max(0.0, (until_ns - self._clock.now_ns()) / _NS_PER_S))
        if self._thread.is_alive() or behind:
            minutes = self._minutes.unsettled if self._minutes is not None else 0
            _log.error(
                "delivery did not end within %g s: %d alerts and %d minutes stay behind", timeout_s, behind, minutes
            )
            return False
        return True

    def _write_off(self) -> int:
        """Give up what the spool was not offered; how many alerts that were."""
        lost = self._queue.clear()
        if lost:
            self._spool.write_off(alerts=lost)
            _log.error("%d alerts could not be offered to the spool before the stop; the ledger counts them", lost)
        return lost

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._more, _POLL_S)
            self._more.clear()
            self._turn()
        self._turn()
        if self._minutes is not None:
            self._minutes.close(_COMMIT_TIMEOUT_S)
        while self._offered:
            self._settle()

    def _turn(self) -> None:
        try:
            self._queue.put_due()
            self._settle_what_is_over()
            self._empty_the_queue()
            if self._minutes is not None:
                self._minutes.tell_due()
        except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
            self.counts.faults += 1
            _log.exception("a turn of the delivery failed")

    def _settle_what_is_over(self) -> None:
        """The next alert need not wait for the commit of this one: a busy spool lets them wait for company."""
        self._late = [one for one in self._late if not one.future.done()]
        now_ns = self._clock.now_ns() if self._offered else 0
        while self._offered and (self._offered[0].future.done() or self._offered[0].until_ns <= now_ns):
            self._settle()

    def _settle(self) -> None:
        """See what became of the oldest alert that the spool was offered."""
        offered = self._offered[0]
        left_s = max(0.0, (offered.until_ns - self._clock.now_ns()) / _NS_PER_S)
        try:
            offered.future.result(left_s)
        except (Exception, FutureTimeout) as error:  # noqa: BLE001 - the spool's ledger has it; the next must be tried
            self.counts.refused += 1
            self._late += () if offered.future.done() else (offered,)
            _log.error("%s %s: the alert is not durable: %s", offered.alert.point, offered.alert.part, error)
        else:
            self.counts.spooled += 1
        finally:
            self._offered.popleft()

    def _empty_the_queue(self) -> None:
        """Offer what waits, while the spool has not enough of it; behind all of it the number of what is untold."""
        while self._may_offer() and (queued := self._queue.head()) is not None:
            self._offer_or_spoil(queued)
        if (queued := self._queue.head_of_number()) is not None:
            self._offer_or_spoil(queued)

    def _may_offer(self) -> bool:
        return len(self._offered) < OFFERED_MAX or self._stopping.is_set()

    def _offer_or_spoil(self, queued: Queued) -> None:
        try:
            self._offer(queued)
        except Exception:  # noqa: BLE001 - the next alert must be tried; this one's number is told with it
            self._queue.spoil(queued)
            _log.exception("%s: not offered, counted as untold", queued.alert)
        finally:
            self._queue.let_go()

    def _offer(self, queued: Queued) -> None:
        told = queued.alert
        if queued.pictured is not None and (pieces := self._encoded(queued.pictured, queued.since_ns)):
            told = told.model_copy(update={"evidence": tuple(piece.evidence for piece in pieces)})
        if not self._queue.pop(queued):
            return  # the stop has written it off
        future = self._spool.offer(told)
        until_ns = self._clock.now_ns() + int(_COMMIT_TIMEOUT_S * _NS_PER_S)
        self._offered.append(_Offered(queued.alert, queued.since_ns, future, until_ns))
        future.add_done_callback(lambda _: self._more.set())

    def _encoded(self, inspected: Inspected, since_ns: int) -> tuple[Piece, ...]:
        """The pieces behind a verdict, handed to the thread that writes them; none where there is no time for it."""
        pieces: tuple[Piece, ...] = ()
        if self._clock.now_ns() - since_ns > _PICTURE_PATIENCE_S * _NS_PER_S:
            self.counts.without_picture += 1
        elif (evidence := self._evidence) is not None:
            try:
                pieces = evidence.encoded(inspected)
            except Exception:  # noqa: BLE001 - an alert goes without its picture rather than not at all
                _log.exception("evidence failed")
            if pieces:
                self._pictures.write(partial(evidence.write, pieces))
        if not pieces:
            self._pictures.release()
        return pieces
