from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import CountedBelt, Moved
from edge_runtime.outputs.duty import Duty
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.terminals.listener import WireCounts
from tests.fakes.clock import FakeClock
from tests.fakes.outputs import FakeOutput
from tests.fakes.verdicts import verdict

MS = 1_000_000
MANY = 20_000
"""More readings than a belt keeps."""


@dataclass
class Hearing:
    """What a belt asks of its encoder's listener."""

    lost: str | None = None
    counts: WireCounts = field(default_factory=lambda: WireCounts(opened=1))


def belt_with(hearing: Hearing) -> CountedBelt:
    belt = CountedBelt()
    belt.listen_to(hearing, lambda: None)  # type: ignore[arg-type]
    return belt


@pytest.mark.parametrize(
    ("at_ms", "counts"), [(0, None), (9, None), (10, 0), (15, 3), (20, 6), (35, 10), (40, 10), (99, 10)]
)
def test_between_two_readings_the_belt_moves_evenly_and_after_the_last_it_stands(
    at_ms: int, counts: int | None
) -> None:
    belt = belt_with(Hearing())
    for read_ms, moved in ((10, 0), (20, 6), (30, 4)):
        belt.take(Moved(read_ms * MS, moved))
    assert belt.position(at_ms * MS) == counts


def test_where_the_belt_was_at_a_moment_that_it_has_forgotten_is_not_known() -> None:
    belt = belt_with(Hearing())
    for number in range(MANY):
        belt.take(Moved(number * MS, 1))
    assert belt.position(0) is None
    assert belt.position((MANY - 1) * MS) == MANY


def test_without_an_encoder_nothing_is_known() -> None:
    assert (CountedBelt().lost, CountedBelt().position(1)) == ("no encoder", None)
    assert belt_with(Hearing(lost="unplugged")).position(1) is None


def test_where_the_belt_was_before_the_encoders_present_life_is_not_known() -> None:
    hearing = Hearing()
    belt = belt_with(hearing)
    for read_ms, moved in ((10, 0), (20, 6)):
        belt.take(Moved(read_ms * MS, moved))
    hearing.counts.opened += 1
    assert [belt.position(at_ms * MS) for at_ms in (15, 20, 500)] == [None, None, None], "it says nothing yet"
    belt.take(Moved(500 * MS, 0))
    belt.take(Moved(510 * MS, 4))
    assert [belt.position(at_ms * MS) for at_ms in (15, 20, 499)] == [None, None, None]
    assert [belt.position(at_ms * MS) for at_ms in (500, 505, 510)] == [6, 8, 10]


class Scene:
    """A gate 400 counts behind the camera, a tolerance of 10 counts, a belt of a count per millisecond."""

    def __init__(self) -> None:
        self.hearing, self.clock = Hearing(), FakeClock()
        self.belt = belt_with(self.hearing)
        guard, self.stops = LineGuard(self.clock), list[str]()
        guard.tell(self.stops.append)
        rejects = frozenset({Outcome.DEFECT, Outcome.UNKNOWN})
        duty = Duty(frozenset(), rejects, 20 * MS, 400, 10, has_gate=True, required=True)
        self.output = FakeOutput(self.clock)
        backoff = Backoff(lambda: 1.0, first_s=0.1, most_s=0.2)
        self.actuator = Actuator("reject", self.output, duty, self.belt, guard, self.clock, backoff)
        self.belt.take(Moved(self.clock.now_ns(), 0))

    def run_for(self, ms: int) -> None:
        """The belt runs; the encoder counts it unless it is lost."""
        for _ in range(ms):
            self.clock.advance(0.001)
            if self.hearing.lost is None:
                self.belt.take(Moved(self.clock.now_ns(), 1))
            self.actuator.turn()

    def lose(self) -> None:
        self.hearing.lost = "unplugged"

    def find(self) -> None:
        self.hearing.lost = None
        self.hearing.counts.opened += 1
        self.belt.take(Moved(self.clock.now_ns(), 0))

    def part(self) -> int:
        """A part passes the camera; its moment."""
        self.actuator.expect("gate", self.clock.now_ns(), self.clock.now_ns())
        return self.clock.now_ns()

    def judged(self, outcome: str, triggered_at_ns: int, *, seen_at_ns: int | None = None) -> None:
        seen = replace(verdict("A", outcome), captured_at_ns=seen_at_ns or triggered_at_ns)
        self.actuator.take(seen, triggered_at_ns)


def test_a_part_that_passed_while_the_encoder_was_lost_stops_the_line_when_it_is_found_bad() -> None:
    scene = Scene()
    scene.run_for(1000)
    scene.lose()
    scene.run_for(50)
    at_ns = scene.part()
    scene.run_for(430)
    scene.find()
    scene.run_for(20)
    scene.judged("defect", at_ns)
    scene.run_for(2000)
    assert scene.stops == ["output reject could not be told of gate A: nobody knows where the belt was"]
    assert scene.output.active == [], "a pulse would hit another part"
    assert scene.actuator.counts.late == 1


def test_a_good_part_that_passed_while_the_encoder_was_lost_stops_nothing() -> None:
    scene = Scene()
    scene.run_for(100)
    scene.lose()
    at_ns = scene.part()
    scene.run_for(100)
    scene.find()
    scene.judged("good", at_ns)
    scene.run_for(1000)
    assert (scene.stops, scene.output.active) == ([], [])


def test_a_part_announced_while_the_encoder_was_lost_has_no_place_though_its_picture_came_later() -> None:
    scene = Scene()
    scene.run_for(100)
    scene.lose()
    at_ns = scene.part()
    scene.run_for(100)
    scene.find()
    scene.run_for(50)
    scene.judged("defect", at_ns, seen_at_ns=scene.clock.now_ns() - 10 * MS)
    scene.run_for(1000)
    assert len(scene.stops) == 1
    assert scene.output.active == []


def test_a_part_announced_while_the_encoder_was_lost_and_never_judged_stops_the_line_at_the_end() -> None:
    scene = Scene()
    scene.lose()
    scene.part()
    scene.run_for(10)
    scene.actuator.abandon()
    scene.actuator.abandon()
    assert len(scene.stops) == 1
    assert "the daemon stops" in scene.stops[0]


def test_once_the_encoder_is_back_parts_are_hit_again() -> None:
    scene = Scene()
    scene.run_for(100)
    scene.lose()
    scene.run_for(100)
    scene.find()
    scene.run_for(10)
    at_ns = scene.part()
    scene.judged("defect", at_ns)
    scene.run_for(1000)
    assert scene.stops == []
    assert [begin - at_ns for begin, _ in scene.output.active] == [400 * MS]


def test_a_part_that_stopped_the_line_when_the_encoder_was_lost_does_not_stop_it_again_with_its_verdict() -> None:
    scene = Scene()
    scene.run_for(100)
    at_ns = scene.part()
    scene.lose()
    scene.run_for(100)
    scene.find()
    scene.judged("defect", at_ns)
    scene.run_for(1000)
    assert len(scene.stops) == 1
    assert "the encoder was lost while it was on its way" in scene.stops[0]


def test_an_encoder_that_was_opened_again_between_two_looks_gives_up_the_parts_on_their_way() -> None:
    scene = Scene()
    scene.actuator.turn()
    scene.judged("defect", scene.clock.now_ns())
    scene.actuator.turn()
    assert scene.stops == []
    scene.hearing.counts.opened += 1
    scene.actuator.turn()
    why = "the encoder was lost while it was on its way"
    assert scene.stops == [f"output reject could not be told of gate A: {why}"]
    assert scene.actuator.underway == 0
