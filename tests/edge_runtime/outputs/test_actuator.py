from __future__ import annotations

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.actuator import Actuator
from edge_runtime.outputs.belt import TimedBelt
from edge_runtime.outputs.duty import Duty
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.outputs.output import Shape
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.outputs import FakeOutput
from tests.fakes.verdicts import verdict

MS = 1_000_000
REJECTS = frozenset({Outcome.DEFECT, Outcome.UNKNOWN})


class Scene:
    """A gate 500 ms behind the camera (or none), a pulse of 100 ms, a tolerance of 20 ms."""

    def __init__(
        self, *, gate_ms: int | None = 500, shape: Shape = Shape.LEVEL, fires_for=REJECTS, required: bool = True
    ) -> None:
        self.clock = FakeClock()
        self.output = FakeOutput(self.clock, shape)
        self.guard = LineGuard(self.clock)
        self.stops: list[str] = []
        self.guard.tell(self.stops.append)
        travel = (gate_ms or 0) * MS
        duty = Duty(frozenset(), frozenset(fires_for), 100 * MS, travel, 20 * MS, gate_ms is not None, required)
        backoff = Backoff(lambda: 1.0, first_s=0.1, most_s=0.2)
        self.actuator = Actuator("reject", self.output, duty, TimedBelt(), self.guard, self.clock, backoff)
        self.guard.watch(self.actuator)
        self.begun_ns = self.clock.now_ns()
        self.actuator.turn()

    def part(self, *, at_ms: float = 0) -> int:
        """A part passes the camera; its moment."""
        at_ns = self.begun_ns + int(at_ms * MS)
        self.actuator.expect("gate", at_ns, at_ns)
        return at_ns

    def judged(self, outcome: str = "defect", *, at_ms: float = 0, part: str = "A") -> None:
        self.actuator.take(verdict(part, outcome), self.begun_ns + int(at_ms * MS))

    def run_until(self, ms: float, *, sleepy_ms: float = 0.0) -> None:
        """Turn like the thread does; it oversleeps by so much."""
        until_ns = self.begun_ns + int(ms * MS)
        while self.clock.now_ns() < until_ns:
            wait_s = self.actuator.turn()
            left_s = (until_ns - self.clock.now_ns()) / NS_PER_S
            self.clock.advance(min(wait_s + sleepy_ms / 1000, left_s) + 1e-9)
        self.actuator.turn()

    @property
    def active_ms(self) -> list[tuple[float, float | None]]:
        def ms(at_ns: int | None) -> float | None:
            return None if at_ns is None else round((at_ns - self.begun_ns) / MS)

        return [(ms(begin), ms(end)) for begin, end in self.output.active]


def test_a_defect_gets_its_pulse_when_it_is_at_the_gate() -> None:
    scene = Scene()
    scene.part()
    scene.judged()
    scene.run_until(1000)
    assert scene.active_ms == [(500, 600)]
    assert scene.actuator.counts.fired == 1
    assert not scene.stops


def test_a_good_part_passes() -> None:
    scene = Scene()
    scene.part()
    scene.judged("good")
    scene.run_until(1000)
    assert (scene.active_ms, scene.stops, scene.actuator.counts.passed) == ([], [], 1)


def test_a_part_without_a_verdict_at_the_gate_does_not_pass() -> None:
    scene = Scene()
    scene.part()
    scene.run_until(1000)
    assert scene.active_ms == [(500, 600)]
    assert scene.output.orders[0].outcome is Outcome.UNKNOWN
    assert scene.actuator.counts.unjudged == 1
    scene.judged("good")
    scene.run_until(1100)
    assert len(scene.output.orders) == 1


def test_parts_closer_together_than_the_pulse_are_one_long_pulse() -> None:
    scene = Scene()
    for at_ms in (0, 60):
        scene.part(at_ms=at_ms)
        scene.judged(at_ms=at_ms)
    scene.run_until(1000)
    assert scene.active_ms == [(500, 660)]
    assert scene.actuator.counts.fired == 2


def test_a_verdict_that_comes_after_its_pulse_had_to_start_stops_the_line_and_hits_no_other_part() -> None:
    scene = Scene()
    scene.run_until(600)
    scene.judged(at_ms=0)
    scene.run_until(1000)
    assert scene.active_ms == []
    assert "could not be told of gate A: it came too late" in scene.stops[0]
    assert scene.actuator.counts.late == 1


def test_a_late_good_verdict_stops_nothing() -> None:
    scene = Scene()
    scene.run_until(600)
    scene.judged("good", at_ms=0)
    scene.run_until(1000)
    assert (scene.active_ms, scene.stops) == ([], [])


def test_an_output_that_is_lost_at_the_gate_stops_the_line() -> None:
    scene = Scene()
    scene.part()
    scene.judged()
    scene.output.broken = True
    scene.run_until(1000)
    assert len(scene.stops) == 1
    assert "found none" in scene.stops[0]
    assert scene.actuator.lost is not None


def test_an_output_that_is_lost_says_so_as_soon_as_its_part_is_beyond_the_tolerance() -> None:
    scene = Scene(gate_ms=None)
    scene.output.broken = True
    scene.judged()
    scene.actuator.turn()
    scene.actuator._output._open_at_ns = scene.clock.now_ns() + 10 * NS_PER_S
    assert scene.actuator.turn() <= 0.0201
    scene.clock.advance(0.0201)
    scene.actuator.turn()
    scene.guard.look()
    assert scene.stops == ["output reject could not be told of gate A: wanted to fire, found none; check its cable"]


def test_an_output_that_is_lost_is_not_told_as_one_that_hangs() -> None:
    scene = Scene(gate_ms=None)
    scene.output.broken = True
    scene.judged()
    scene.actuator.turn()
    scene.clock.advance(0.1)
    scene.guard.look()
    assert scene.stops == ["output reject could not be told of gate A: wanted to fire, found none; check its cable"]


def test_an_output_that_stays_lost_says_so_once_for_each_reason_and_stops_the_line_for_each_part(caplog) -> None:
    scene = Scene()
    scene.output.broken = True
    for turn in range(5):
        scene.part(at_ms=1000 * turn)
        scene.judged(at_ms=1000 * turn, part=f"unseen-{turn}")
        scene.run_until(1000 * (turn + 1))
    assert len(scene.stops) == 5
    said = [
        (one.levelname, one.message.split(": ")[-1]) for one in caplog.records if "could not be told" in one.message
    ]
    reasons = ("wanted to fire, found none; check its cable", "wanted an output, found none; check its cable")
    assert said == [(level, reason) for reason in reasons for level in ("ERROR", "CRITICAL")]
    scene.output.broken = False
    scene.run_until(6000)
    scene.output.broken = True
    scene.part(at_ms=6000)
    scene.judged(at_ms=6000)
    scene.run_until(7000)
    assert "ERROR" in [one.levelname for one in caplog.records[-2:]]
    assert len(scene.stops) == 6


def test_an_output_that_comes_back_within_the_tolerance_still_hits_its_part() -> None:
    scene = Scene(gate_ms=None)
    scene.output.broken = True
    scene.judged()
    scene.actuator.turn()
    scene.output.broken = False
    scene.actuator._output._open_at_ns = scene.clock.now_ns() + 10 * MS
    scene.run_until(200)
    assert scene.output.told == ["A"]
    assert scene.stops == []


def test_an_output_that_comes_back_later_says_nothing_old() -> None:
    scene = Scene(gate_ms=None)
    scene.output.broken = True
    scene.judged()
    scene.run_until(500)
    scene.output.broken = False
    scene.run_until(1500)
    assert scene.output.told == []
    assert len(scene.stops) == 1
    scene.judged(part="B")
    scene.run_until(1600)
    assert scene.output.told == ["B"]


def test_an_output_that_takes_too_long_stops_the_line() -> None:
    scene = Scene()
    scene.part()
    scene.judged()
    scene.output.slow_s = 0.05
    scene.run_until(1000)
    assert "took too long" in scene.stops[0]


def test_a_thread_that_sleeps_past_the_tolerance_stops_the_line() -> None:
    scene = Scene()
    scene.part()
    scene.judged()
    scene.run_until(1000, sleepy_ms=90)
    assert len(scene.stops) == 1
    assert scene.active_ms == []


def test_an_output_that_is_lost_in_the_middle_of_its_pulse_is_inactive_when_it_is_back() -> None:
    scene = Scene(gate_ms=None)
    scene.judged()
    scene.actuator.turn()
    scene.output.broken = True
    scene.run_until(250)
    scene.output.broken = False
    scene.run_until(1000)
    assert scene.output.active[-1][1] is not None
    assert scene.actuator.counts.opened == 2
    assert scene.actuator.lost is None


def test_an_output_that_is_not_required_stops_nothing() -> None:
    scene = Scene(required=False)
    scene.part()
    scene.output.broken = True
    scene.run_until(1000)
    assert (scene.stops, scene.actuator.counts.late) == ([], 1)


def test_without_a_gate_an_output_fires_with_the_verdict_and_expects_nothing() -> None:
    scene = Scene(gate_ms=None)
    scene.part()
    scene.run_until(300)
    assert scene.active_ms == []
    scene.judged(at_ms=0)
    scene.run_until(600)
    assert scene.active_ms == [(300, 400)]


def test_messages_are_said_one_by_one() -> None:
    scene = Scene(gate_ms=None, shape=Shape.MESSAGE, fires_for=set(Outcome))
    for number, outcome in enumerate(("good", "defect", "unknown")):
        scene.judged(outcome, at_ms=number, part=outcome)
    scene.run_until(10)
    assert scene.output.told == ["good", "defect", "unknown"]
    assert [order.number for order in scene.output.orders] == [1, 2, 3]


def test_strobes_are_held_and_released_before_the_next() -> None:
    scene = Scene(shape=Shape.STROBE)
    scene.actuator.duty = scene.actuator.duty.__class__(
        frozenset(), REJECTS, 100 * MS, 500 * MS, 400 * MS, has_gate=True, required=True
    )
    for at_ms in (0, 1):
        scene.part(at_ms=at_ms)
        scene.judged(at_ms=at_ms, part=str(at_ms))
    scene.run_until(1000)
    assert scene.active_ms == [(500, 600), (650, 750)]


def test_where_good_parts_are_let_through_a_bad_one_ends_the_pulse() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    for at_ms, outcome in ((0, "good"), (40, "defect")):
        scene.part(at_ms=at_ms)
        scene.judged(outcome, at_ms=at_ms)
    scene.run_until(1000)
    assert scene.active_ms == [(500, 540)]


def test_a_gate_that_is_lost_while_it_lets_a_good_part_through_stops_the_line_for_bad_ones_until_it_is_back() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    for number, (at_ms, outcome) in enumerate(((0, "good"), (40, "defect"), (60, "good"), (80, "unknown"))):
        scene.part(at_ms=at_ms)
        scene.judged(outcome, at_ms=at_ms, part=str(number))
    scene.run_until(510)
    scene.output.broken = True
    scene.run_until(700)
    why = "wanted to rest, found none; check its cable"
    assert scene.stops == [f"output reject could not be shut before gate {number}: {why}" for number in (1, 3)]
    scene.output.broken = False
    scene.run_until(1200)
    scene.part(at_ms=1200)
    scene.judged(at_ms=1200)
    scene.run_until(2000)
    assert len(scene.stops) == 2


def test_a_gate_that_is_lost_while_it_is_shut_stops_nothing() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    for at_ms, outcome in ((0, "good"), (400, "defect")):
        scene.part(at_ms=at_ms)
        scene.judged(outcome, at_ms=at_ms)
    scene.run_until(700)
    scene.output.broken = True
    scene.actuator._output._note_loss(OSError("no such device"))
    scene.run_until(1500)
    assert scene.stops == []


def test_a_gate_that_shuts_too_late_stops_the_line() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    for at_ms, outcome in ((0, "good"), (40, "defect")):
        scene.part(at_ms=at_ms)
        scene.judged(outcome, at_ms=at_ms, part=outcome)
    scene.run_until(510)
    scene.clock.advance(0.06)
    scene.run_until(1000)
    assert scene.stops == ["output reject could not be shut before gate defect: the output took too long"]


def test_where_good_parts_are_let_through_one_without_a_verdict_stays() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    scene.part()
    scene.run_until(1000)
    assert (scene.active_ms, scene.stops) == ([], [])


def test_other_points_parts_are_no_concern() -> None:
    scene = Scene(gate_ms=None)
    scene.actuator.duty = Duty(frozenset({"left"}), REJECTS, 100 * MS, 0, 20 * MS, has_gate=False, required=True)
    scene.judged()
    scene.run_until(300)
    assert scene.output.told == []


def test_at_the_end_what_was_not_told_stops_the_line_once_for_each_part_that_must_not_pass() -> None:
    scene = Scene()
    for at_ms, outcome in ((0, "defect"), (100, "good"), (200, None)):
        scene.part(at_ms=at_ms)
        if outcome:
            scene.judged(outcome, at_ms=at_ms)
    assert scene.actuator.underway == 3
    scene.actuator.abandon()
    assert len(scene.stops) == 2
    assert scene.actuator.underway == 0


def test_at_the_end_a_part_that_waits_at_its_gate_stops_the_line_too() -> None:
    scene = Scene(gate_ms=None)
    scene.output.broken = True
    for outcome in ("defect", "good"):
        scene.judged(outcome, part=outcome)
    scene.actuator.turn()
    scene.actuator.abandon()
    assert scene.stops == ["output reject could not be told of gate defect: the daemon stops"]
    assert scene.actuator.underway == 0


def test_a_hanging_output_is_seen_from_outside_while_a_part_stands_at_its_gate() -> None:
    scene = Scene()
    scene.part()
    scene.judged()
    scene.clock.advance(0.515)
    scene.guard.look()
    assert scene.stops == []
    scene.clock.advance(0.010)
    scene.guard.look()
    scene.guard.look()
    assert ["hangs" in reason for reason in scene.stops] == [True]
    scene.run_until(1000)
    assert len(scene.stops) == 1, "the part that the guard has seen is not told again"


def test_an_output_that_hangs_is_lost_until_its_driver_comes_back() -> None:
    scene = Scene(gate_ms=None)
    seen: list[str | None] = []

    def hang(_: object) -> None:
        for _ in range(2):
            scene.clock.advance(2.0)
            seen.append(scene.actuator.lost)

    scene.output.fire = hang  # type: ignore[method-assign,assignment]
    scene.judged()
    scene.actuator.turn()
    assert seen == [None, "its driver hangs: no answer for more than 3 s"]
    assert scene.actuator.lost is None


def test_a_driver_that_hangs_over_shutting_the_gate_behind_a_bad_part_stops_the_line() -> None:
    scene = Scene(fires_for={Outcome.GOOD})
    for at_ms, outcome in ((0, "good"), (40, "defect")):
        scene.part(at_ms=at_ms)
        scene.judged(outcome, at_ms=at_ms)

    def hang() -> None:
        scene.clock.advance(2.0)
        scene.guard.look()

    scene.output.idle = hang  # type: ignore[method-assign]
    scene.run_until(1000)
    assert ["hangs" in reason for reason in scene.stops] == [True]


def test_a_hanging_output_with_an_unjudged_part_at_its_gate_stops_the_line() -> None:
    scene = Scene()
    scene.part()
    scene.clock.advance(0.525)
    scene.guard.look()
    assert scene.stops == ["output reject could not be told of a part without its verdict: it hangs"]


def test_a_hanging_output_with_good_parts_alone_stops_nothing() -> None:
    scene = Scene()
    scene.part()
    scene.judged("good")
    scene.clock.advance(5)
    scene.guard.look()
    assert scene.stops == []


def test_the_thread_fires_and_leaves_the_output_inactive() -> None:
    scene = Scene(gate_ms=None)
    scene.actuator.start()
    scene.judged()
    assert scene.actuator.stop(5)
    assert not scene.output.is_open
    assert all(end is not None for _, end in scene.output.active)


@pytest.mark.parametrize("error", [OSError("no such device"), ValueError("driver says no")])
def test_whatever_a_driver_raises_it_is_opened_again(error: Exception) -> None:
    scene = Scene(gate_ms=None)

    def fail(_: object) -> None:
        raise error

    scene.output.fire = fail  # type: ignore[method-assign,assignment]
    scene.judged()
    scene.actuator.turn()
    assert scene.actuator.lost == str(error)
    scene.run_until(1000)
    assert scene.actuator.counts.opened >= 2


def test_a_part_that_the_output_cannot_be_told_of_stops_the_line_and_the_next_is_told() -> None:
    scene = Scene(shape=Shape.MESSAGE)
    scene.output.gone = ("A",)
    scene.part(at_ms=0)
    scene.part(at_ms=1)
    scene.judged(at_ms=0, part="A")
    scene.judged(at_ms=1, part="B")
    scene.run_until(510)
    assert scene.output.told == ["B"]
    assert len(scene.stops) == 1
    assert (scene.actuator.counts.late, scene.actuator.counts.fired, scene.actuator.counts.lost) == (1, 1, 0)
