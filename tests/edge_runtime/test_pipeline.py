from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_contracts.verdict import Cause
from edge_runtime.occasion import Ailment, Inspected, Occasion, PartInterrupted
from edge_runtime.pipeline import Pipeline, VerdictSink
from edge_runtime.trigger.given_names import GivenNames
from tests.fakes.clock import FakeClock
from tests.fakes.parts import inspected, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


class Line:
    """Trigger, inspector, feed and sink in one: parts 1 to n, each called good."""

    def __init__(self, parts: int) -> None:
        self._parts = parts
        self._given = 0
        self.taken: list[Inspected] = []

    @property
    def ended(self) -> bool:
        return self._given >= self._parts

    def next(self) -> Occasion | None:
        self._given += 1
        return Occasion(str(self._given), None, 0)

    def inspect(self, occasion: Occasion) -> Inspected:
        cause = occasion.ailment.cause if occasion.ailment else Cause.CLEAN
        return inspected(verdict(cause, part=occasion.part), with_frame=False)

    def take(self, given: Inspected) -> None:
        self.taken.append(given)


class BrokenTrigger:
    @staticmethod
    def next() -> Occasion | None:
        raise RuntimeError("the light barrier is gone")


class Queue(Line):
    """A line on which the parts after the first wait until the loop has ended."""

    def __init__(self, parts: int, stop: threading.Event, *, breaks: bool = False) -> None:
        super().__init__(parts)
        self._stop = stop
        self._breaks = breaks

    def inspect(self, occasion: Occasion) -> Inspected:
        self._stop.set()
        return super().inspect(occasion)

    def leftovers(self) -> list[Occasion]:
        if self._breaks:
            raise RuntimeError("the queue is gone")
        missed = Ailment(Cause.MISSED, "the point ends")
        return [Occasion(str(part), None, 0, missed) for part in range(self._given + 1, self._parts + 1)]


class BrokenSink:
    @staticmethod
    def take(given: Inspected) -> None:  # noqa: ARG004 - the Protocol's
        raise OSError("no such lamp")


def pipeline(line: Line, sinks: Sequence[VerdictSink], *, clock: FakeClock | None = None) -> Pipeline:
    return Pipeline("gate", line, line, sinks, line, clock or FakeClock(), threading.Event())


def test_every_part_reaches_every_sink_and_the_loop_ends_with_the_source() -> None:
    line, other = Line(4), Line(0)
    loop = pipeline(line, [line, other])
    loop.start()
    assert loop.join(10)
    assert [one.verdict.part for one in line.taken] == ["1", "2", "3", "4"]
    assert other.taken == line.taken


def test_a_sink_that_fails_keeps_the_verdict_from_nobody() -> None:
    line = Line(2)
    loop = pipeline(line, [BrokenSink(), line])
    loop.step()
    loop.step()
    assert len(line.taken) == 2
    assert loop.faults == 2


def test_a_trigger_that_fails_may_have_missed_a_part() -> None:
    line, clock = Line(1), FakeClock()
    loop = Pipeline("gate", BrokenTrigger(), line, [line], line, clock, threading.Event())
    loop.step()
    assert line.taken[0].verdict.cause is Cause.INTERNAL
    assert clock.waits_s
    assert loop.faults == 1


def test_a_fault_of_no_part_is_called_by_a_name_of_its_own_also_after_a_reload() -> None:
    line, given = Line(1), GivenNames()
    for _ in range(2):
        loop = Pipeline("gate", BrokenTrigger(), line, [line], line, FakeClock(), threading.Event(), given)
        loop.step()
    assert [one.verdict.part for one in line.taken] == ["fault-000001", "fault-000002"]


class Interrupted(Line):
    """The pictures of its parts cannot be taken."""

    def next(self) -> Occasion | None:
        raise PartInterrupted("B-7", 42) from MemoryError("no room for a picture")

    def inspect(self, occasion: Occasion) -> Inspected:
        self.occasions.append(occasion)
        return super().inspect(occasion)

    def __init__(self, parts: int) -> None:
        super().__init__(parts)
        self.occasions: list[Occasion] = []


def test_a_part_whose_picture_cannot_be_taken_keeps_its_name_and_moment() -> None:
    line = Interrupted(1)
    loop = pipeline(line, [line])
    loop.step()
    (occasion,) = line.occasions
    assert (occasion.part, occasion.triggered_at_ns, occasion.is_part) == ("B-7", 42, True)
    assert occasion.ailment == Ailment(Cause.INTERNAL, "the trigger failed (MemoryError: no room for a picture)")
    assert (len(line.taken), loop.faults) == (1, 1)


def test_each_step_is_a_sign_of_progress() -> None:
    clock = FakeClock()
    loop = pipeline(Line(2), [], clock=clock)
    clock.advance(7)
    loop.step()
    assert loop.progress_at_ns == clock.now_ns()


def test_the_stop_event_ends_a_loop_without_end() -> None:
    line, stop = Line(10**9), threading.Event()
    loop = Pipeline("gate", line, line, [], line, FakeClock(), stop)
    loop.start()
    stop.set()
    assert loop.join(10)
    assert not loop.running


def test_a_stop_during_a_part_gives_every_waiting_part_a_verdict_for_every_sink() -> None:
    stop, other = threading.Event(), Line(0)
    line = Queue(4, stop)
    loop = Pipeline("gate", line, line, [line, BrokenSink(), other], line, FakeClock(), stop)
    loop.start()
    assert loop.join(10)
    told = [(one.verdict.part, one.verdict.cause) for one in line.taken]
    assert told == [("1", Cause.CLEAN), ("2", Cause.MISSED), ("3", Cause.MISSED), ("4", Cause.MISSED)]
    assert other.taken == line.taken


def test_a_queue_that_fails_at_the_end_may_have_held_a_part() -> None:
    stop = threading.Event()
    line = Queue(4, stop, breaks=True)
    loop = Pipeline("gate", line, line, [line], line, FakeClock(), stop)
    loop.start()
    assert loop.join(10)
    assert [one.verdict.cause for one in line.taken] == [Cause.CLEAN, Cause.INTERNAL]
    assert loop.faults == 1
