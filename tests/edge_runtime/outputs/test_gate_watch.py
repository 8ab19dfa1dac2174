from __future__ import annotations

from edge_runtime.clock import MonotonicClock
from edge_runtime.outputs.gate_watch import GateWatch
from edge_runtime.outputs.line_guard import LineGuard
from tests.fakes.patience import eventually


class FaultyGuard(LineGuard):
    """Its first look fails."""

    looks = 0

    def look(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise RuntimeError("a belt that nobody thought of")


def test_a_look_that_fails_is_logged_and_the_gates_are_looked_at_again(caplog) -> None:
    clock = MonotonicClock()
    guard = FaultyGuard(clock)
    watch = GateWatch(guard, clock)
    watch.start()
    eventually(lambda: guard.looks >= 3)
    assert watch.stop(5)
    assert [one.levelname for one in caplog.records] == ["ERROR"]
