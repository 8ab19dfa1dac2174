from __future__ import annotations

from dataclasses import dataclass

from edge_runtime.outputs.line_guard import LineGuard
from tests.fakes.clock import FakeClock


@dataclass
class Gate:
    name: str = "reject"
    lost: str | None = None
    late: bool = False

    def overdue(self, now_ns: int) -> list[str]:
        return ["gate 7: it hangs"] if self.late and now_ns > 0 else []


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.guard = LineGuard(self.clock)
        self.gate = Gate()
        self.guard.watch(self.gate)
        self.told: list[str] = []
        self.guard.tell(self.told.append)

    def why_not(self) -> str | None:
        return self.guard.why_not(2.0)


def test_the_line_runs_only_after_a_sign_of_life_and_while_there_are_more() -> None:
    scene = Scene()
    assert scene.why_not() == "the daemon gives no sign of life"
    scene.guard.sign_of_life()
    assert scene.why_not() is None
    scene.clock.advance(3.1)
    assert scene.why_not() == "the daemon gives no sign of life"


def test_without_a_required_output_the_line_does_not_run() -> None:
    scene = Scene()
    scene.guard.sign_of_life()
    scene.gate.lost = "wanted a pin, found none"
    assert scene.why_not() == "output reject: wanted a pin, found none"


def test_a_stop_tells_every_stop_output_and_holds_the_run_signal() -> None:
    scene = Scene()
    scene.guard.sign_of_life()
    scene.guard.call_stop("part 7 could not be told")
    assert scene.told == ["part 7 could not be told"]
    assert scene.why_not() == "part 7 could not be told"
    scene.clock.advance(2.1)
    assert scene.why_not() is None
    assert scene.guard.stops == 1


def test_each_part_at_a_hanging_output_stops_the_line() -> None:
    scene = Scene()
    for late in (False, True, False, True):
        scene.gate.late = late
        scene.guard.look()
    assert len(scene.told) == 2
    assert scene.told[0] == "output reject could not be told of gate 7: it hangs"


def test_at_the_end_the_line_does_not_run() -> None:
    scene = Scene()
    scene.guard.sign_of_life()
    scene.guard.end()
    assert scene.why_not() == "the daemon stops"
