"""The thread between verdicts and the spool, while the next part is inspected.

An alert names its evidence, which is encoded for that, and goes to the spool; a thread of their own brings the pictures
to the disk behind it, so that no alert waits for one. Alerts wait in memory in a bounded line. When the disk is slow,
or pictures take long to encode, pictures are given up first; when the disk takes nothing for so long that the line is
full, further alerts are counted, and one alert tells their number as soon as it takes again.
A fault of the delivery's own is counted and told in the same way: it costs an alert its words, never its number.
The same thread brings the minutes that are over into the spool; one that no disk took goes back into the book, or,
when there is no later minute to tell it with, into the loss ledger.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from edge_runtime.alert_rule import AlertRule, alert_of_number
from edge_runtime.delivery_counts import DeliveryCounts
from edge_runtime.evidence.writer import EvidenceWriter
from edge_runtime.outbox.spool_errors import SpoolShed

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from edge_contracts.alert import Alert
    from edge_contracts.station import Alerting
    from edge_contracts.stats import Stats
    from edge_runtime.clock import Clock
    from edge_runtime.evidence.piece import Piece
    from edge_runtime.minute_book import MinuteBook
    from edge_runtime.occasion import Inspected

LINE_MAX = 4096
"""Alerts that may wait in memory, about 1 kB each."""
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
class _Waiting:
    """An alert, when it came to be (monotonic nanoseconds), and the verdict whose picture a place is reserved for."""

    alert: Alert
    since_ns: int
    pictured: Inspected | None = None


@dataclass(frozen=True, slots=True)
class _Offered:
    """An alert that the spool has, when it came to be and until when it must be durable (monotonic nanoseconds)."""

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
        self._minutes = minutes
        self._rules: defaultdict[str, AlertRule] = defaultdict(AlertRule)
        self._spool = spool
        self._evidence = evidence
        self._clock = clock
        self._line: deque[_Waiting] = deque()
        self._in_hand: _Waiting | None = None
        self._offered: deque[_Offered] = deque()
        self._late: list[_Offered] = []
        self._minutes_offered: list[Future[Any]] = []
        self._is_book_closed = False
        self._untold = 0
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self._pictures = EvidenceWriter(clock)

    @property
    def running(self) -> bool:
        """Whether the threads are alive."""
        return self._thread.is_alive() and self._pictures.running

    def held_back(self) -> tuple[Alert, ...]:
        """What a kill would take: alerts of parts that are held back, and those of several that are not durable yet."""
        with self._lock:
            held = [alert for rule in self._rules.values() for alert in rule.held_back()]
            waiting = (*self._late, *self._offered, self._in_hand, *self._line)
        return (*held, *(one.alert for one in waiting if one is not None and one.alert.count > 1))

    def tell(self, alerts: tuple[Alert, ...]) -> None:
        """Tell what another life of the daemon held back."""
        with self._lock:
            for alert in alerts:
                self._enqueue(alert)

    @property
    def alert_waits_s(self) -> float:
        """How long the oldest alert that is not durable has waited in memory; 0 where there is none."""
        with self._lock:
            waiting = (*self._late[:1], *tuple(self._offered)[:1], self._in_hand, *islice(self._line, 1))
        since_ns = [one.since_ns for one in waiting if one is not None]
        return max(0, self._clock.now_ns() - min(since_ns)) / _NS_PER_S if since_ns else 0.0

    @property
    def picture_waits_s(self) -> float:
        """How long the present write of evidence has taken until now; 0 where there is none."""
        return self._pictures.busy_s

    def start(self) -> None:
        """Start the threads."""
        self._thread.start()
        self._pictures.start()

    def hold_back(self, point: str, settings: Alerting) -> None:
        """From now on tell a point's defects as `settings` ask; what was held back until now is told."""
        with self._lock:
            self._tell_all(self._rules[point])
            self._rules[point] = AlertRule(settings)

    def stop(self, timeout_s: float) -> bool:
        """Tell what is untold, empty the line, stop; False, and a line in the log, where an alert or minute is left.

        An alert that the spool was not offered in this time never will be: it enters the ledger. A picture's write that
        hangs is left behind and logged: it costs pictures alone, and no restart.
        """
        until_ns = self._clock.now_ns() + int(timeout_s * _NS_PER_S)
        with self._lock:
            for rule in self._rules.values():
                self._tell_all(rule)
        self._stopping.set()
        self._more.set()
        self._thread.join(timeout_s)
        behind = self._write_off() + len(self._offered)
        self._pictures.stop(max(0.0, (until_ns - self._clock.now_ns()) / _NS_PER_S))
        if self._thread.is_alive() or behind:
            minutes = sum(not future.done() for future in tuple(self._minutes_offered))
            _log.error(
                "delivery did not end within %g s: %d alerts and %d minutes stay behind", timeout_s, behind, minutes
            )
            return False
        return True

    def _write_off(self) -> int:
        """Give up what the spool was not offered; how many alerts that were."""
        with self._lock:
            lost = len(self._line) + (self._in_hand is not None) + self._untold
            self._line.clear()
            self._in_hand, self._untold = None, 0
        if lost:
            self._spool.write_off(alerts=lost)
            _log.error("%d alerts could not be offered to the spool before the stop; the ledger counts them", lost)
        return lost

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once and never raises."""
        with self._lock:
            try:
                admitted = self._rules[inspected.verdict.point].admit(inspected.verdict)
                self._enqueue(admitted.earlier)
                self._enqueue(admitted.now, inspected)
            except Exception:  # noqa: BLE001 - a part that was not good must not go untold, whatever fails in telling it
                self._count_fault(1)
                _log.exception("%s %s: not taken, counted as untold", inspected.verdict.point, inspected.verdict.part)

    def keep(self, keeping: Callable[[], object]) -> None:
        """Keep evidence that no alert names, in turn; counted as dropped when too much waits."""
        if self._pictures.reserve():
            self._pictures.write(keeping)
        else:
            self.counts.extras_dropped += 1

    def _enqueue(self, alert: Alert | None, inspected: Inspected | None = None) -> None:
        """Under the lock."""
        if alert is None:
            return
        if len(self._line) >= LINE_MAX:
            self.counts.overflowed += alert.count
            self._untold += alert.count
            return
        if inspected is not None and (inspected.seen is None or self._evidence is None):
            inspected = None
        if inspected is not None and not self._pictures.reserve():
            self.counts.without_picture += 1
            inspected = None
        self._line.append(_Waiting(alert, self._clock.now_ns(), inspected))
        self._more.set()

    def _tell_all(self, rule: AlertRule) -> None:
        while (untold := rule.flush()) is not None:
            self._enqueue(untold)

    def _count_fault(self, alerts: int) -> None:
        """Under the lock."""
        self.counts.faults += 1
        self._untold += alerts
        self._more.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._clock.wait(self._more, _POLL_S)
            self._more.clear()
            self._turn()
        self._turn()
        if self._minutes is not None:
            self._close_the_book(self._minutes)
        while self._offered:
            self._settle()

    def _close_the_book(self, book: MinuteBook) -> None:
        """Tell the minute that has begun; nobody asks the book again, so what is refused from now on is written off."""
        with self._lock:
            self._is_book_closed = True
            last = book.last()
        self._tell_minutes(last)
        wait(self._minutes_offered, _COMMIT_TIMEOUT_S)

    def _turn(self) -> None:
        try:
            self._tell_what_is_due()
            self._empty_the_line()
            if self._minutes is not None:
                self._tell_minutes(self._minutes.due())
        except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
            self.counts.faults += 1
            _log.exception("a turn of the delivery failed")

    def _tell_minutes(self, minutes: tuple[Stats, ...]) -> None:
        self._minutes_offered = [future for future in self._minutes_offered if not future.done()]
        for stats in minutes:
            future = self._spool.offer(stats)
            self._minutes_offered.append(future)
            future.add_done_callback(partial(self._settle_minute, stats))

    def _settle_minute(self, stats: Stats, future: Future[Any]) -> None:
        """What a full spool shed stands in its ledger; what no disk took is told again, with a later minute."""
        error = future.exception()
        if error is None:
            self.counts.minutes += 1
        elif not isinstance(error, SpoolShed) and not self._is_given_back(stats):
            self.counts.minutes_lost += 1
            self._spool.write_off(minutes=1)
            _log.error(
                "a minute of statistics is durable nowhere and will not be told again; the ledger counts it: %s", error
            )

    def _is_given_back(self, stats: Stats) -> bool:
        with self._lock:
            if self._minutes is None or self._is_book_closed:
                return False
            self.counts.minutes_back += 1
            self._minutes.give_back(stats)
            return True

    def _tell_what_is_due(self) -> None:
        with self._lock:
            now_ns = self._clock.now_ns()
            for rule in self._rules.values():
                while (due := rule.due(now_ns)) is not None:
                    self._enqueue(due)

    def _empty_the_line(self) -> None:
        self._settle_what_is_over()
        while (waiting := self._next()) is not None:
            self._offer_or_count(waiting)
        if (waiting := self._next_of_number()) is not None:
            self._offer_or_count(waiting)

    def _next(self) -> _Waiting | None:
        """Take the next alert in hand; None when there is none, or the spool has enough of them."""
        with self._lock:
            if self._line and (len(self._offered) < OFFERED_MAX or self._stopping.is_set()):
                self._in_hand = self._line.popleft()
            return self._in_hand

    def _next_of_number(self) -> _Waiting | None:
        """The same of an alert that tells how many could not be told; behind all others."""
        with self._lock:
            if self._untold and not self._line:
                alert = alert_of_number(next(iter(self._rules), "unnamed"), self._untold, LINE_MAX)
                self._in_hand, self._untold = _Waiting(alert, self._clock.now_ns()), 0
            return self._in_hand

    def _offer_or_count(self, waiting: _Waiting) -> None:
        try:
            self._offer(waiting)
        except Exception:  # noqa: BLE001 - the next alert must be tried; this one's number is told with it
            with self._lock:
                self.counts.faults += 1
                self._untold += waiting.alert.count
            _log.exception("%s: not offered, counted as untold", waiting.alert)
        finally:
            self._in_hand = None

    def _offer(self, waiting: _Waiting) -> None:
        alert = waiting.alert
        if waiting.pictured is not None and (pieces := self._encoded(waiting.pictured, waiting.since_ns)):
            alert = alert.model_copy(update={"evidence": tuple(piece.evidence for piece in pieces)})
        with self._lock:
            if self._in_hand is not waiting:
                return  # the stop has written it off
            self._in_hand = None
        future = self._spool.offer(alert)
        until_ns = self._clock.now_ns() + int(_COMMIT_TIMEOUT_S * _NS_PER_S)
        self._offered.append(_Offered(alert, waiting.since_ns, future, until_ns))
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
