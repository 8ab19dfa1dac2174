"""The alerts in memory: any thread puts verdicts in, one thread takes out what must be told of them, in order.

Each point's rule decides what a verdict leads to and what is held back for now. The queue is bounded: of alerts that do
not fit, or that a fault has spoiled, only the number is kept, and one alert tells it behind all others.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_runtime.alert_rule import AlertRule, alert_of_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.alert import Alert
    from edge_contracts.station import Alerting
    from edge_runtime.clock import Clock
    from edge_runtime.delivery_counts import DeliveryCounts
    from edge_runtime.occasion import Inspected

LINE_MAX = 4096
"""Alerts that may wait in memory, about 1 kB each."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Queued:
    """An alert, when it came to be (monotonic nanoseconds), and the verdict whose picture a place is reserved for."""

    alert: Alert
    since_ns: int
    pictured: Inspected | None = None


class AlertQueue:
    """From verdicts to alerts, in order; put into by any thread, emptied by one.

    An alert stays at the head while it is made ready, and is taken out at the moment in which it is handed on: what is
    given up with `clear` was handed to nobody. What is taken out is in hand until `let_go`.

    Args:
        clock: monotonic, the one of the verdicts.
        counts: goes on counting there.
        more: set when there is more to take out.
        reserve: takes a place for a picture, False where none is free; None where no pictures are wanted.
    """

    def __init__(
        self, clock: Clock, counts: DeliveryCounts, more: threading.Event, reserve: Callable[[], bool] | None
    ) -> None:
        self._clock = clock
        self._counts = counts
        self._more = more
        self._reserve = reserve
        self._rules: defaultdict[str, AlertRule] = defaultdict(AlertRule)
        self._line: deque[Queued] = deque()
        self._in_hand: Queued | None = None
        self._untold = 0
        self._lock = threading.Lock()

    def admit(self, inspected: Inspected) -> None:
        """Put in what a verdict leads to; returns at once and never raises."""
        verdict = inspected.verdict
        try:
            with self._lock:
                admitted = self._rules[verdict.point].admit(verdict)
                self._put(admitted.earlier)
                self._put(admitted.now, inspected)
        except Exception:  # noqa: BLE001 - a part that was not good must not go untold, whatever fails in telling it
            with self._lock:
                self._counts.faults += 1
                self._untold += 1
                self._more.set()
            _log.exception("%s %s: not taken, counted as untold", verdict.point, verdict.part)

    def put(self, alerts: tuple[Alert, ...]) -> None:
        """Put in alerts that no rule is asked about."""
        with self._lock:
            for alert in alerts:
                self._put(alert)

    def put_due(self) -> None:
        """Put in what was held back and whose time is over, although no verdict came since."""
        with self._lock:
            now_ns = self._clock.now_ns()
            for rule in self._rules.values():
                while (due := rule.due(now_ns)) is not None:
                    self._put(due)

    def hold_back(self, point: str, settings: Alerting) -> None:
        """From now on hold a point's defects back as `settings` ask; what was held back until now is put in."""
        with self._lock:
            self._put_held(self._rules[point])
            self._rules[point] = AlertRule(settings)

    def put_all_held(self) -> None:
        """Put in everything that is held back."""
        with self._lock:
            for rule in self._rules.values():
                self._put_held(rule)

    def head(self) -> Queued | None:
        """The alert that is next; None when there is none."""
        with self._lock:
            return self._line[0] if self._line else None

    def oldest(self) -> Queued | None:
        """The alert in hand, else the next; None when there is neither."""
        with self._lock:
            return self._in_hand or (self._line[0] if self._line else None)

    def head_of_number(self) -> Queued | None:
        """The alert of how many could not be told, once no other waits; None when all could be."""
        with self._lock:
            if not self._untold or self._line:
                return None
            alert = alert_of_number(next(iter(self._rules), "unnamed"), self._untold, LINE_MAX)
            self._line.append(Queued(alert, self._clock.now_ns()))
            self._untold = 0  # after it: whatever fails above, the number is kept
            return self._line[0]

    def pop(self, head: Queued) -> bool:
        """Take the head out, in hand; False where it was given up meanwhile."""
        with self._lock:
            is_there = self._pop(head)
            self._in_hand = head if is_there else None
            return is_there

    def let_go(self) -> None:
        """What was in hand has come to where it was to go, or is told by number."""
        self._in_hand = None

    def spoil(self, head: Queued) -> None:
        """It could not be handed on by a fault: its number is told instead, unless it was given up meanwhile."""
        with self._lock:
            self._counts.faults += 1
            if self._pop(head) or self._in_hand is head:
                self._untold += head.alert.count

    def clear(self) -> int:
        """Give up everything that was not taken out; how many alerts that were."""
        with self._lock:
            given_up = len(self._line) + self._untold
            self._line.clear()
            self._untold = 0
            return given_up

    def held_back(self, handed_on: Callable[[], tuple[Alert, ...]]) -> tuple[Alert, ...]:
        """Alerts of parts that are held back, and those of several that wait, are in hand or were handed on.

        Args:
            handed_on: what was let go and may not be lost yet; asked in the moment in which nothing moves here, so that
                no part is seen both as held back and as told. It returns at once and asks nothing of the queue.
        """
        with self._lock:
            held = [alert for rule in self._rules.values() for alert in rule.held_back()]
            # Looked through outside: thousands may wait, and no verdict for them. In hand before handed on: an alert
            # that is let go meanwhile is seen twice rather than not at all.
            waiting = (*self._line, self._in_hand)
            moved_on = handed_on()
        told = (*(queued.alert for queued in waiting if queued is not None), *moved_on)
        return (*held, *{id(alert): alert for alert in told if alert.count > 1}.values())

    def _pop(self, head: Queued) -> bool:
        """Under the lock."""
        is_there = bool(self._line) and self._line[0] is head
        if is_there:
            self._line.popleft()
        return is_there

    def _put_held(self, rule: AlertRule) -> None:
        """Under the lock."""
        while (held := rule.flush()) is not None:
            self._put(held)

    def _put(self, alert: Alert | None, inspected: Inspected | None = None) -> None:
        """Under the lock."""
        if alert is None:
            return
        if len(self._line) >= LINE_MAX:
            self._counts.overflowed += alert.count
            self._untold += alert.count
            return
        self._line.append(Queued(alert, self._clock.now_ns(), self._with_a_place(inspected)))
        self._more.set()

    def _with_a_place(self, inspected: Inspected | None) -> Inspected | None:
        """The verdict, with a place reserved for its picture; None where it has none, or no place is free."""
        if inspected is None or inspected.seen is None or self._reserve is None:
            return None
        if self._reserve():
            return inspected
        self._counts.without_picture += 1
        return None
