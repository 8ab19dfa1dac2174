"""The thread between verdicts and the spool: evidence to disk, then the alert, while the next part is inspected.

Alerts wait in memory in a bounded line. When the disk is slow, pictures are given up first; when it takes nothing for
so long that the line is full, further alerts are counted, and one alert tells their number as soon as it takes again.
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
from typing import TYPE_CHECKING, Any, Protocol

from edge_contracts.alert import Alert, Severity
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.alert_rule import AlertRule
from edge_runtime.outbox.spool_errors import SpoolShed

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from edge_contracts.alert import Evidence
    from edge_contracts.station import Alerting
    from edge_contracts.stats import Stats
    from edge_runtime.clock import Clock
    from edge_runtime.minute_book import MinuteBook
    from edge_runtime.occasion import Inspected

LINE_MAX = 4096
"""Alerts that may wait in memory, about 1 kB each."""
PICTURES_MAX = 8
"""Of those, how many may hold a picture: 8 of 1920×1080 are 50 MB."""

OFFERED_MAX = 256
"""Alerts that may wait inside the spool; the next waits for the oldest of them to be durable."""

_POLL_S = 1.0
_COMMIT_TIMEOUT_S = 10.0
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


class AlertSpool(Protocol):
    """Where an alert is durable once its future has a result; `edge_runtime.outbox.outbox.Outbox` is one."""

    def offer(self, told: Alert | Stats) -> Future[Any]:
        """Hand over without waiting; the future fails when it is not stored, as the spool's ledger tells of alerts."""
        ...

    def write_off(self, minutes: int) -> None:
        """So many minutes that were not stored will not be told again: the ledger tells of them too."""
        ...


class KeepsEvidence(Protocol):
    """Where pictures go; `edge_runtime.evidence.EvidenceStore` is one."""

    def keep(self, inspected: Inspected) -> tuple[Evidence, ...]:
        """Write what backs a verdict; empty when that is nothing."""
        ...


@dataclass(slots=True)
class DeliveryCounts:
    """What happened to alerts since the start.

    spooled: durable.
    refused: the spool said no.
    overflowed: the line was full.
    without_picture: told without their picture, because too many waited.
    extras_dropped: samples of good parts and clips that were not kept, because too many waited.
    faults: exceptions here; each may have cost one alert its own words, which the next alert of number tells.
    minutes: minutes of statistics that are durable.
    minutes_back: those that no disk took and a later one tells.
    minutes_lost: those that no disk took at the end; they are in the spool's ledger.
    """

    spooled: int = 0
    refused: int = 0
    overflowed: int = 0
    without_picture: int = 0
    extras_dropped: int = 0
    faults: int = 0
    minutes: int = 0
    minutes_back: int = 0
    minutes_lost: int = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An alert, what keeps its evidence, or both."""

    alert: Alert | None
    keeping: Callable[[], object] | None


@dataclass(frozen=True, slots=True)
class _Offered:
    """An alert that the spool has, and until when it must be durable (monotonic nanoseconds)."""

    alert: Alert
    future: Future[Any]
    until_ns: int


class Delivery:
    """Takes the verdicts of all points and brings those that must be told into the spool, in order.

    Args:
        spool: makes alerts durable.
        evidence: keeps pictures, None when none are wanted.
        clock: monotonic.
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
        self._offered: deque[_Offered] = deque()
        self._minutes_offered: list[Future[Any]] = []
        self._is_book_closed = False
        self._pictures = 0
        self._untold = 0
        self._in_hand = 0
        self._lock = threading.Lock()
        self._more = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def hold_back(self, point: str, settings: Alerting) -> None:
        """From now on tell a point's defects as `settings` ask; what was held back until now is told."""
        with self._lock:
            self._tell_all(self._rules[point])
            self._rules[point] = AlertRule(settings)

    def stop(self, timeout_s: float) -> bool:
        """Tell what is untold, empty the line, stop; False, and a line in the log, when anything stays behind."""
        with self._lock:
            for rule in self._rules.values():
                self._tell_all(rule)
        self._stopping.set()
        self._more.set()
        self._thread.join(timeout_s)
        behind = len(self._line) + self._in_hand + len(self._offered) + self._untold
        if self._thread.is_alive() or behind:
            minutes = sum(not future.done() for future in tuple(self._minutes_offered))
            _log.error(
                "delivery did not end within %g s: %d alerts and %d minutes stay behind", timeout_s, behind, minutes
            )
            return False
        return True

    def take(self, inspected: Inspected) -> None:
        """Take a verdict; returns at once and never raises."""
        with self._lock:
            try:
                admitted = self._rules[inspected.verdict.point].admit(inspected.verdict)
                self._enqueue(admitted.earlier, None)
                self._enqueue(admitted.now, inspected)
            except Exception:  # noqa: BLE001 - a part that was not good must not go untold, whatever fails in telling it
                self._count_fault(1)
                _log.exception("%s %s: not taken, counted as untold", inspected.verdict.point, inspected.verdict.part)

    def keep(self, keeping: Callable[[], object]) -> None:
        """Keep evidence that no alert waits for, in turn; counted as dropped when too much waits."""
        with self._lock:
            if self._pictures >= PICTURES_MAX or len(self._line) >= LINE_MAX:
                self.counts.extras_dropped += 1
                return
            self._pictures += 1
            self._line.append(_Waiting(None, keeping))
            self._more.set()

    def _enqueue(self, alert: Alert | None, inspected: Inspected | None) -> None:
        if alert is None:
            return
        if len(self._line) >= LINE_MAX:
            self.counts.overflowed += alert.count
            self._untold += alert.count
            return
        keeping = None
        if inspected is not None and inspected.seen is not None and self._evidence is not None:
            if self._pictures < PICTURES_MAX:
                self._pictures += 1
                keeping = partial(self._evidence.keep, inspected)
            else:
                self.counts.without_picture += 1
        self._line.append(_Waiting(alert, keeping))
        self._more.set()

    def _tell_all(self, rule: AlertRule) -> None:
        while (untold := rule.flush()) is not None:
            self._enqueue(untold, None)

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
            self._spool.write_off(1)
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
                    self._enqueue(due, None)

    def _empty_the_line(self) -> None:
        while self._line:
            with self._lock:
                waiting = self._line.popleft()
            self._offer_or_count(waiting)
        with self._lock:
            untold, self._untold = self._untold, 0
        if untold:
            self._offer_or_count(_Waiting(_alert_of_number(next(iter(self._rules), "unnamed"), untold), None))
        self._settle_what_is_over()

    def _offer_or_count(self, waiting: _Waiting) -> None:
        self._in_hand = 1
        try:
            self._offer(waiting)
        except Exception:  # noqa: BLE001 - the next alert must be tried; this one's number is told with it
            with self._lock:
                self.counts.faults += 1
                self._untold += waiting.alert.count if waiting.alert else 0
            _log.exception("%s: not offered, counted as untold", waiting.alert or "evidence without an alert")
        finally:
            self._in_hand = 0

    def _offer(self, waiting: _Waiting) -> None:
        alert = waiting.alert
        if waiting.keeping is not None:
            kept = self._kept_by(waiting.keeping)
            if alert is not None:
                alert = alert.model_copy(update={"evidence": kept})
        if alert is None:
            return
        if len(self._offered) >= OFFERED_MAX:
            self._settle()
        future = self._spool.offer(alert)
        self._offered.append(_Offered(alert, future, self._clock.now_ns() + int(_COMMIT_TIMEOUT_S * _NS_PER_S)))
        future.add_done_callback(lambda _: self._more.set())

    def _settle_what_is_over(self) -> None:
        """The next alert need not wait for the commit of this one: a busy spool lets them wait for company."""
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
            _log.error("%s %s: the alert is not durable: %s", offered.alert.point, offered.alert.part, error)
        else:
            self.counts.spooled += 1
        finally:
            self._offered.popleft()

    def _kept_by(self, keeping: Callable[[], object]) -> object:
        try:
            return keeping()
        except Exception:  # noqa: BLE001 - an alert never waits for its picture
            _log.exception("evidence failed")
            return ()
        finally:
            with self._lock:
                self._pictures -= 1


def _alert_of_number(point: str, count: int) -> Alert:
    return Alert(
        point=point,
        part="untold",
        outcome=Outcome.UNKNOWN,
        cause=Cause.INTERNAL,
        reason=f"{count} alerts could not be told one by one: the line of {LINE_MAX} was full, or a fault; see the log",
        severity=Severity.CRITICAL,
        latency_ms=0.0,
        count=count,
    )
