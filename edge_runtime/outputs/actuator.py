"""Drives one output in a thread of its own: keeps it open, tells it each part when that part is at the gate.

A part that must not pass and cannot be told in time is never told late, which would hit another part: the line is
told to stop instead. A part without a verdict does not pass.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.verdict import Outcome
from edge_runtime.outputs.output import Order, PartGone, Shape, order_of, unjudged
from edge_runtime.outputs.output_connection import OutputConnection
from edge_runtime.outputs.output_counts import OutputCounts
from edge_runtime.outputs.shift_register import PlaceUnknown, ShiftRegister, TooManyParts
from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_contracts.verdict import Verdict
    from edge_runtime.capture.backoff import Backoff
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.belt import Belt
    from edge_runtime.outputs.duty import Duty
    from edge_runtime.outputs.line_guard import LineGuard
    from edge_runtime.outputs.output import Output
    from edge_runtime.outputs.shift_register import Key, Underway

LONGEST_WAIT_S = 0.25
_NS_PER_S = 1_000_000_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Pulse:
    """How long the output is active.

    until_ns: at least until then; None when it is inactive.
    until_position: … and until the belt has carried the part past this.
    rest_until_ns: a strobe must be inactive until then.
    may_last: it was made active, and nobody has seen it inactive since; a lost output may have stayed as it was.
    """

    until_ns: int | None = None
    until_position: int = 0
    rest_until_ns: int = 0
    may_last: bool = False


@dataclass(slots=True)
class _Due:
    gate: int
    order: Order
    stopped_for: bool = False


class Actuator(OwnThread):
    """One output and its thread, which leaves it inactive when it is stopped.

    Args:
        name: for the thread and the log.
        output: not yet open; used by this thread alone after `start`.
        duty: what it is for.
        belt: how far parts have come.
        guard: told when a part could not be told.
        clock: monotonic.
        backoff: the waits between attempts to open.
    """

    def __init__(
        self, name: str, output: Output, duty: Duty, belt: Belt, guard: LineGuard, clock: Clock, backoff: Backoff
    ) -> None:
        super().__init__(f"output-{name}", f"output {name}")
        self.name = name
        self.duty = duty
        self.counts = OutputCounts()
        self._missed_for: str | None = None
        self._stopped_for: str | None = None
        self._output = OutputConnection(name, output, self.counts, clock, backoff)
        self._belt = belt
        self._guard = guard
        self._clock = clock
        self._register = ShiftRegister(duty.travel)
        self._due: deque[_Due] = deque()
        self._pulse = _Pulse()
        self._numbers = itertools.count(1)
        self._life = belt.life()
        self._lock = threading.Lock()
        self._more = threading.Event()

    @property
    def lost(self) -> str | None:
        """Why parts cannot be told, None while they can."""
        return self._output.lost or self._output.hangs or self._belt.lost

    @property
    def underway(self) -> int:
        """Parts whose order is still to come, and one for a pulse that has not ended."""
        with self._lock:
            return len(self._register) + len(self._due) + (self._pulse.until_ns is not None)

    def ask_to_stop(self) -> None:
        """Tell the thread to end, without waiting."""
        super().ask_to_stop()
        self._more.set()

    def wake(self) -> None:
        """Look again: the belt has moved."""
        self._more.set()

    def expect(self, point: str, triggered_at_ns: int, moment_ns: int) -> None:
        """A part was at the camera at this moment; its verdict will follow."""
        if not self.duty.has_gate or not self._serves(point):
            return
        at = self._belt.position(moment_ns)
        self._put(lambda: self._register.expect((point, triggered_at_ns), at))

    def take(self, verdict: Verdict, triggered_at_ns: int) -> None:
        """A verdict; returns at once."""
        if not self._serves(verdict.point):
            return
        order = order_of(verdict, next(self._numbers), triggered_at_ns)
        if self.duty.has_gate:
            at = self._belt.position(verdict.captured_at_ns or triggered_at_ns)
            self._judge((verdict.point, triggered_at_ns), at, order)
        else:
            self._judge(("", order.number), self._belt.position(self._clock.now_ns()), order)

    def order(self, reason: str) -> None:
        """Fire now, for no part; returns at once."""
        order = Order(None, "", "", "stop", reason, next(self._numbers))
        self._judge(("", order.number), self._belt.position(self._clock.now_ns()), order)

    def overdue(self, now_ns: int) -> list[str]:
        """Which further parts that must not pass are beyond the gate's tolerance, and why this thread has not told."""
        now = self._belt.position(now_ns)
        if now is None or not self.duty.required:
            return []
        with self._lock:
            reach = now - self.duty.tolerance
            standing: list[Underway | _Due] = [
                *self._register.behind(reach),
                *(due for due in self._due if due.gate < reach),
            ]
            found = [part for part in standing if not part.stopped_for and self._must_not_pass(part.order)]
            for part in found:
                part.stopped_for = True
        why = self.lost or "it hangs"
        return [f"{_title(part.order)}: {why}" for part in found]

    def abandon(self) -> None:
        """Nobody will be told any more: stop the line for each part that must not pass."""
        with self._lock:
            left = [(due.order, due.stopped_for) for due in self._due]
            left += [(self._order_of(part), part.stopped_for) for part in self._register.flush()]
            left += [(self._unjudged(key), False) for key in self._register.unplaced()]
            self._due.clear()
        for order, stopped_for in left:
            self._miss(order, "the daemon stops", stopped_for)

    def turn(self) -> float:
        """Do what is due; how long to wait then, in seconds. Called by the thread, or by a test in its place."""
        self._open_if_it_is_time()
        self._end_pulse()
        self._look_at_the_gate()
        self._tell_what_is_due()
        return self._wait_s()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                wait_s = self.turn()
            except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
                _log.exception("output %s: a turn failed", self.name)
                wait_s = LONGEST_WAIT_S
            self._clock.wait(self._more, wait_s)
            self._more.clear()
        self._output.close()

    def _serves(self, point: str) -> bool:
        return not self.duty.points or point in self.duty.points

    def _fires_for(self, order: Order) -> bool:
        return order.outcome is None or order.outcome in self.duty.fires_for

    def _judge(self, key: Key, at: int | None, order: Order) -> None:
        self._put(lambda: self._register.judge(key, at, order), order)

    def _put(self, put: Callable[[], object], order: Order | None = None) -> None:
        self._give_up_what_cannot_be_found()
        try:
            with self._lock:
                put()
        except (TooManyParts, PlaceUnknown) as error:
            self._miss(order or unjudged("", next(self._numbers)), str(error))
        self._more.set()

    def _open_if_it_is_time(self) -> None:
        if self._output.open_if_due():
            self._missed_for = self._stopped_for = None
            self._pulse.until_ns, self._pulse.may_last = None, False

    def _end_pulse(self) -> None:
        until_ns, now_ns = self._pulse.until_ns, self._clock.now_ns()
        if until_ns is not None and now_ns >= until_ns and not self._still_at_the_gate(now_ns):
            self._be_idle()

    def _still_at_the_gate(self, now_ns: int) -> bool:
        """A counted belt may stand just when a part reaches the gate: the pulse waits with it."""
        now = None if self._belt.is_timed else self._belt.position(now_ns)
        return now is not None and now <= self._pulse.until_position

    def _be_idle(self) -> None:
        self._pulse.until_ns = None
        if self._output.idle():
            self._pulse.may_last = False
        self._pulse.rest_until_ns = self._clock.now_ns() + self.duty.pulse_ns // 2

    def _look_at_the_gate(self) -> None:
        self._give_up_what_cannot_be_found()
        now = self._belt.position(self._clock.now_ns())
        with self._lock:
            arrived = self._register.arrived(now) if now is not None else []
            self._due += [_Due(part.gate, self._order_of(part), part.stopped_for) for part in arrived]

    def _give_up_what_cannot_be_found(self) -> None:
        """Parts that were on their way when the encoder was lost, or opened again."""
        with self._lock:
            life = self._belt.life()
            lost = self._register.flush() if life != self._life or self._belt.lost is not None else []
            self._life = life
        for part in lost:
            self._miss(self._order_of(part), "the encoder was lost while it was on its way", part.stopped_for)

    def _order_of(self, part: Underway) -> Order:
        return part.order if part.order is not None else self._unjudged(part.key)

    def _unjudged(self, key: Key) -> Order:
        self.counts.unjudged += 1
        return unjudged(key[0], next(self._numbers), key[1])

    def _tell_what_is_due(self) -> None:
        while self._due:
            due = self._due[0]
            if not self._fires_for(due.order):
                self._let_pass(due)
            elif self._is_late(due):
                self._drop(due)
                self._miss(due.order, self._output.lost or "it came too late", due.stopped_for)
            elif self._output.lost is not None or self._is_resting() or not self._say(due):
                return

    def _let_pass(self, due: _Due) -> None:
        """A part that it does not fire for is at the gate; where good parts are let through, this one must not be."""
        self.counts.passed += 1
        is_open = Outcome.GOOD in self.duty.fires_for and self._pulse.may_last
        if is_open and self._pulse.until_ns is not None:
            self._be_idle()
        self._drop(due)
        if is_open and (self._pulse.may_last or self._is_late(due)):
            why = self._output.lost or "the output took too long"
            self._stop_for(due.order, f"could not be shut before {_title(due.order)}", why, due.stopped_for)

    def _say(self, due: _Due) -> bool:
        """Tell the output; False when it was lost over it, and the order stays due. A part that is gone is missed."""
        self._pulse.may_last = self._output.shape is not Shape.MESSAGE
        needs_saying = self._output.shape is not Shape.LEVEL or self._pulse.until_ns is None
        try:
            if needs_saying and not self._output.fire(due.order):
                return False
        except PartGone as error:
            self._drop(due)
            self._miss(due.order, str(error), due.stopped_for)
            return True
        self._drop(due)
        if self._output.shape is not Shape.MESSAGE:
            self._pulse.until_ns = self._clock.now_ns() + self.duty.pulse_ns
            self._pulse.until_position = due.gate + self.duty.tolerance
        if self._is_late(due):
            self._miss(due.order, "the output took too long", due.stopped_for)
        else:
            self.counts.fired += 1
        return True

    def _drop(self, due: _Due) -> None:
        with self._lock:
            if self._due and self._due[0] is due:
                self._due.popleft()

    def _is_late(self, due: _Due) -> bool:
        now = self._belt.position(self._clock.now_ns())
        return now is None or now > due.gate + self.duty.tolerance

    def _is_resting(self) -> bool:
        """A strobe is held for its pulse, and released for half of one before the next."""
        if self._output.shape is not Shape.STROBE:
            return False
        return self._pulse.until_ns is not None or self._clock.now_ns() < self._pulse.rest_until_ns

    def _miss(self, order: Order, why: str, stopped_for: bool = False) -> None:  # noqa: FBT001, FBT002 - the part's own
        if not self._fires_for(order):
            return
        self.counts.late += 1
        # While the output stays lost for the same reason, its first part and its first stop say so in the log alone.
        lasting = why if why == self._output.lost else None
        level = logging.DEBUG if why == self._missed_for else logging.ERROR
        self._missed_for = lasting
        part = _title(order)
        _log.log(level, "output %s: %s could not be told: %s", self.name, part, why)
        self._stop_for(order, f"could not be told of {part}", why, stopped_for)

    def _stop_for(self, order: Order, what: str, why: str, stopped_for: bool) -> None:  # noqa: FBT001 - as above
        if self.duty.required and self._must_not_pass(order) and not stopped_for:
            level = logging.DEBUG if why == self._stopped_for else logging.CRITICAL
            self._stopped_for = why if why == self._output.lost else None
            self._guard.call_stop(f"output {self.name} {what}: {why}", level)

    @staticmethod
    def _must_not_pass(order: Order | None) -> bool:
        return order is None or order.outcome in {Outcome.DEFECT, Outcome.UNKNOWN}

    def _wait_s(self) -> float:
        now_ns = self._clock.now_ns()
        waits = [LONGEST_WAIT_S]
        if self._output.lost is not None:
            waits.append(self._output.opens_in_s)
        if self._pulse.until_ns is not None:
            waits.append(max((self._pulse.until_ns - now_ns) / _NS_PER_S, self._belt.wait_s(0, now_ns)))
        elif self._due and self._output.lost is None:
            waits.append((self._pulse.rest_until_ns - now_ns) / _NS_PER_S)
        if self._due:
            waits.append(self._belt.wait_s(self._due[0].gate + self.duty.tolerance + 1, now_ns))
        with self._lock:
            gate = self._register.next_gate()
        if gate is not None:
            waits.append(self._belt.wait_s(gate, now_ns))
        return max(min(waits), 0.0)


def _title(order: Order | None) -> str:
    return "a part without its verdict" if order is None else f"{order.point} {order.part}".strip() or "a part"
