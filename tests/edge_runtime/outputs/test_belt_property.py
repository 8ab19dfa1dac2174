"""On a simulated belt no part that must not pass slips through: it is hit at the gate, or the line is told to stop."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_contracts.verdict import Outcome
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import CountedBelt, Moved, TimedBelt
from edge_runtime.outputs.duty import Duty
from edge_runtime.outputs.line_guard import LineGuard
from tests.fakes.clock import FakeClock
from tests.fakes.outputs import FakeOutput
from tests.fakes.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

MS = 1_000_000
TRAVEL_MS, TOLERANCE_MS, PULSE_MS = 400, 20, 60
COUNT_MS = 2
"""The encoder counts once in this time while the belt runs."""
REJECTS = frozenset({Outcome.DEFECT, Outcome.UNKNOWN})


@dataclass(frozen=True)
class Part:
    """gap_ms: behind the part before. judged_ms: from the camera to the verdict, None for never."""

    gap_ms: int
    outcome: str
    judged_ms: int | None


PARTS = st.lists(
    st.builds(
        Part,
        st.integers(1, 300),
        st.sampled_from(["good", "good", "defect", "unknown"]),
        st.one_of(st.none(), st.integers(0, 600)),
    ),
    min_size=1,
    max_size=20,
)
WOBBLES_MS = st.lists(st.floats(0, 40), min_size=1, max_size=10)
SLOWNESS_MS = st.lists(st.floats(0, 40), min_size=1, max_size=10)


class Line:
    """Camera, belt, gate and the output's thread, on a clock that a test moves."""

    def __init__(self, wobbles_ms: list[float], slowness_ms: list[float], belt: TimedBelt | CountedBelt) -> None:
        self.clock = FakeClock()
        self.output = Reluctant(self.clock, slowness_ms)
        self.guard = LineGuard(self.clock)
        self.stops: list[int] = []
        self.guard.tell(lambda _: self.stops.append(self.clock.now_ns()))
        unit = MS if isinstance(belt, TimedBelt) else 1
        scale = 1 if isinstance(belt, TimedBelt) else COUNT_MS
        travel, tolerance = TRAVEL_MS // scale * unit, TOLERANCE_MS // scale * unit
        duty = Duty(frozenset(), REJECTS, PULSE_MS * MS, travel, tolerance, has_gate=True, required=True)
        self.actuator = Actuator("reject", self.output, duty, belt, self.guard, self.clock, Backoff(lambda: 0.5))
        self._wobbles = wobbles_ms
        self._turns = 0
        self.begun_ns = self.clock.now_ns()
        self.actuator.turn()

    def run(self, events: list[tuple[int, int, Callable[[], None]]]) -> None:
        """Let each event happen at its moment (ns from the start), and the output's thread between them."""
        heapq.heapify(events)
        end_ns = self.begun_ns + (max(at for at, _, _ in events) + 2_000 * MS)
        wake_ns = self.clock.now_ns()
        while self.clock.now_ns() < end_ns:
            event_ns = self.begun_ns + events[0][0] if events else end_ns
            self.clock.time_ns = max(self.clock.now_ns(), min(event_ns, wake_ns))
            if events and self.clock.now_ns() >= event_ns:
                heapq.heappop(events)[2]()
                wake_ns = min(wake_ns, self.clock.now_ns() + self._wobble_ns())
            if self.clock.now_ns() >= wake_ns:
                wake_ns = self.clock.now_ns() + max(int(self.actuator.turn() * 1e9), 1000) + self._wobble_ns()
        self.actuator.turn()

    def _wobble_ns(self) -> int:
        """How much later than asked the thread wakes up."""
        self._turns += 1
        return int(self._wobbles[self._turns % len(self._wobbles)] * MS)


class Reluctant(FakeOutput):
    """Takes another time for each order."""

    def __init__(self, clock: FakeClock, slowness_ms: list[float]) -> None:
        super().__init__(clock)
        self._slowness = slowness_ms

    def fire(self, order) -> None:
        self.slow_s = self._slowness[order.number % len(self._slowness)] / 1000
        super().fire(order)


def passes(line: Line, parts: list[Part]) -> list[tuple[Part, int]]:
    """Each part and the moment at which it is at the gate, ns."""
    at_ms = 0
    found = []
    for part in parts:
        at_ms += part.gap_ms
        found.append((part, line.begun_ns + (at_ms + TRAVEL_MS) * MS))
    return found


def is_hit(line: Line, gate_ns: int) -> bool:
    """Whether the gate was active while the part was within reach of it."""
    end_ns = line.clock.now_ns()
    return any(
        begin <= gate_ns + (TOLERANCE_MS + COUNT_MS) * MS and (end_ns if end is None else end) >= gate_ns
        for begin, end in line.output.active
    )


def events_of(line: Line, parts: list[Part]) -> list[tuple[int, int, Callable[[], None]]]:
    events: list[tuple[int, int, Callable[[], None]]] = []
    at_ms = 0
    for number, part in enumerate(parts):
        at_ms += part.gap_ms
        at_ns = line.begun_ns + at_ms * MS
        events.append((at_ms * MS, 3 * number, partial(line.actuator.expect, "gate", at_ns, at_ns)))
        if part.judged_ms is not None:
            judged = verdict(str(number), part.outcome)
            told = partial(line.actuator.take, judged, at_ns)
            events.append(((at_ms + part.judged_ms) * MS, 3 * number + 1, told))
    return events


def may_be_rejected(part: Part) -> bool:
    """Not good, or not yet known to be good at the gate."""
    return part.outcome != "good" or part.judged_ms is None or part.judged_ms >= TRAVEL_MS - 1


def assert_nothing_slips_through(line: Line, parts: list[Part]) -> None:
    passing = passes(line, parts)
    must_not_pass = [part.outcome != "good" or part.judged_ms is None for part in parts]
    for (part, gate_ns), forbidden in zip(passing, must_not_pass, strict=True):
        if forbidden:
            stopped = any(gate_ns <= stop_ns <= gate_ns + 700 * MS for stop_ns in line.stops)
            assert is_hit(line, gate_ns) or stopped, part
            continue
        near = [
            other_ns
            for other, other_ns in passing
            if may_be_rejected(other)
            and gate_ns - (PULSE_MS + 200) * MS <= other_ns <= gate_ns + (TOLERANCE_MS + COUNT_MS) * MS
        ]
        if not may_be_rejected(part) and not near:
            assert not is_hit(line, gate_ns), part


@settings(max_examples=150, deadline=None)
@given(PARTS, WOBBLES_MS, SLOWNESS_MS)
def test_by_time(parts: list[Part], wobbles_ms: list[float], slowness_ms: list[float]) -> None:
    line = Line(wobbles_ms, slowness_ms, TimedBelt())
    line.run(events_of(line, parts))
    assert_nothing_slips_through(line, parts)


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_by_time_with_a_prompt_output_the_line_is_never_stopped_and_only_neighbours_are_hit(parts: list[Part]) -> None:
    prompt = [Part(part.gap_ms, part.outcome, min(part.judged_ms or 0, TRAVEL_MS - 1)) for part in parts]
    line = Line([0.0], [0.0], TimedBelt())
    line.run(events_of(line, prompt))
    assert line.stops == []
    passing = passes(line, prompt)
    rejected_ns = [gate_ns for part, gate_ns in passing if part.outcome != "good"]
    for part, gate_ns in passing:
        beside = any(0 <= gate_ns - other_ns <= PULSE_MS * MS for other_ns in rejected_ns)
        active = any(begin <= gate_ns <= (end or line.clock.now_ns()) for begin, end in line.output.active)
        assert active == (part.outcome != "good" or beside)


class Hearing:
    """An encoder's listener that never loses it."""

    lost = None

    class counts:  # noqa: N801 - the listener's own name
        opened = 1


@settings(max_examples=60, deadline=None)
@example([Part(59, "defect", None)], [20, 38, 400], [0.0])
@given(PARTS, st.lists(st.integers(20, 400), min_size=1, max_size=6), WOBBLES_MS)
def test_by_encoder_on_a_belt_that_stops_and_goes(
    parts: list[Part], phases_ms: list[int], wobbles_ms: list[float]
) -> None:
    belt = CountedBelt()
    belt.listen_to(Hearing, lambda: None)  # type: ignore[arg-type]
    line = Line(wobbles_ms, [0.0], belt)
    belt.take(Moved(line.begun_ns, 0))
    way = Way(phases_ms)
    events: list[tuple[int, int, Callable[[], None]]] = []
    gates = []
    stands_ms = 0
    for number, part in enumerate(parts):
        stands_ms += part.gap_ms
        at_ns = line.begun_ns + way.when_ms(stands_ms) * MS
        gates.append(line.begun_ns + way.when_ms(stands_ms + TRAVEL_MS) * MS)
        events.append((at_ns - line.begun_ns, 3 * number, partial(line.actuator.expect, "gate", at_ns, at_ns)))
        judged_ns = at_ns + (part.judged_ms or 0) * MS
        judged = verdict(str(number), part.outcome)
        events.append((judged_ns - line.begun_ns, 3 * number + 1, partial(line.actuator.take, judged, at_ns)))
    for count in range(1, (stands_ms + TRAVEL_MS + 1000) // COUNT_MS):
        at_ns = line.begun_ns + way.when_ms(count * COUNT_MS) * MS
        events.append((at_ns - line.begun_ns, -1, partial(belt.take, Moved(at_ns, 1))))
    line.run(events)
    for part, gate_ns in zip(parts, gates, strict=True):
        if part.outcome != "good":
            left_ns = line.begun_ns + way.when_ms(way.way_ms((gate_ns - line.begun_ns) // MS) + TOLERANCE_MS + 4) * MS
            hit = any(begin <= left_ns and (end or line.clock.now_ns()) >= gate_ns for begin, end in line.output.active)
            stopped = any(stop_ns >= gate_ns - COUNT_MS * MS for stop_ns in line.stops)
            assert hit or stopped, part


class Way:
    """A belt that runs and stands by turns; its way is told in milliseconds of running."""

    def __init__(self, phases_ms: list[int]) -> None:
        self._phases = phases_ms

    def when_ms(self, way_ms: int) -> int:
        """When it has run so far."""
        now_ms, left_ms, turn = 0, way_ms, 0
        while True:
            phase_ms = self._phases[turn % len(self._phases)]
            if left_ms <= phase_ms:
                return now_ms + left_ms
            now_ms, left_ms, turn = now_ms + 2 * phase_ms, left_ms - phase_ms, turn + 1

    def way_ms(self, at_ms: int) -> int:
        """How far it has run by then."""
        way_ms, turn = 0, 0
        while True:
            phase_ms = self._phases[turn % len(self._phases)]
            if at_ms <= 2 * phase_ms:
                return way_ms + min(at_ms, phase_ms)
            way_ms, at_ms, turn = way_ms + phase_ms, at_ms - 2 * phase_ms, turn + 1


@pytest.mark.parametrize("phases", [[100], [30, 70]])
def test_the_simulated_belt_comes_where_it_says(phases: list[int]) -> None:
    way = Way(phases)
    for far_ms in (1, 29, 31, 100, 101, 250):
        assert way.way_ms(way.when_ms(far_ms)) == far_ms
