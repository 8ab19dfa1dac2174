from __future__ import annotations

import itertools

from edge_runtime.capture.backoff import Backoff
from edge_runtime.outputs.line_guard import LineGuard
from edge_runtime.outputs.run_line import AGAIN_S, RunLine
from tests.fakes.clock import FakeClock
from tests.fakes.outputs import FakeOutput


class Scene:
    def __init__(self, *, beat_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.output = FakeOutput(self.clock)
        self.guard = LineGuard(self.clock)
        backoff = Backoff(lambda: 1.0, first_s=0.1, most_s=0.2)
        self.run = RunLine("run", self.output, self.guard, self.clock, backoff, beat_s=beat_s, hold_s=1.0)

    def for_s(self, seconds: float, *, alive: bool = True) -> None:
        until_ns = self.clock.now_ns() + int(seconds * 1e9)
        while self.clock.now_ns() < until_ns:
            if alive:
                self.guard.sign_of_life()
            self.clock.advance(self.run.turn())

    @property
    def is_active(self) -> bool:
        return bool(self.output.active) and self.output.active[-1][1] is None


def test_the_signal_is_active_only_while_the_daemon_is_alive() -> None:
    scene = Scene()
    scene.for_s(1, alive=False)
    assert not scene.is_active
    scene.for_s(1)
    assert scene.is_active
    scene.for_s(4, alive=False)
    assert not scene.is_active


def test_a_stop_drops_it_within_a_twentieth_of_a_second_and_for_as_long_as_it_is_held() -> None:
    scene = Scene()
    scene.for_s(1)
    scene.guard.call_stop("part 7")
    scene.for_s(0.06)
    assert not scene.is_active
    scene.for_s(0.8)
    assert not scene.is_active
    scene.for_s(0.3)
    assert scene.is_active


def test_a_beat_changes_at_its_pace_and_stops_with_the_daemon() -> None:
    scene = Scene(beat_s=0.1)
    scene.for_s(2.0)
    beats = len(scene.output.active)
    assert 8 <= beats <= 11
    scene.for_s(4, alive=False)
    dropped = len(scene.output.active)
    scene.for_s(4, alive=False)
    assert len(scene.output.active) == dropped
    assert not scene.is_active


def test_a_signal_that_stands_still_is_said_again_so_that_a_lost_wire_is_noticed() -> None:
    scene = Scene()
    scene.for_s(1)
    scene.output.broken = True
    scene.for_s(1.2)
    assert scene.run.lost is not None
    scene.output.broken = False
    scene.for_s(1)
    assert scene.run.lost is None
    assert scene.is_active


def test_a_dropped_signal_is_said_again_every_second_so_that_a_device_which_came_back_active_hears_it() -> None:
    scene = Scene()
    scene.for_s(1)
    scene.for_s(4, alive=False)
    assert not scene.is_active
    begun_ns = scene.clock.now_ns()
    said_s, idle = list[float](), scene.output.idle

    def say() -> None:
        said_s.append((scene.clock.now_ns() - begun_ns) / 1e9)
        idle()

    scene.output.idle = say  # type: ignore[method-assign]
    scene.output.active.append((begun_ns, None))
    scene.for_s(AGAIN_S + 0.1, alive=False)
    assert not scene.is_active
    scene.for_s(10 * AGAIN_S, alive=False)
    pauses = [after - before for before, after in itertools.pairwise(said_s)]
    assert len(pauses) >= 9
    assert all(AGAIN_S <= pause <= AGAIN_S + 0.1 for pause in pauses)


def test_a_signal_whose_output_is_lost_is_inactive_when_it_comes_back_and_then_says_how_it_is() -> None:
    scene = Scene()
    scene.for_s(1)
    scene.output.broken = True
    scene.for_s(1.2)
    scene.output.broken = False
    scene.for_s(4, alive=False)
    assert not scene.is_active


def test_the_thread_leaves_the_signal_dropped() -> None:
    scene = Scene()
    scene.guard.sign_of_life()
    scene.run.start()
    assert scene.run.stop(5)
    assert not scene.output.is_open
    assert not scene.is_active


def test_a_signal_whose_driver_hangs_is_lost_until_it_comes_back() -> None:
    scene = Scene()
    scene.guard.sign_of_life()
    seen: list[str | None] = []

    def hang(_: object) -> None:
        scene.clock.advance(3.1)
        seen.append(scene.run.lost)

    scene.output.fire = hang  # type: ignore[method-assign,assignment]
    scene.run.turn()
    assert seen == ["its driver hangs: no answer for more than 3 s"]
    assert scene.run.lost is None
