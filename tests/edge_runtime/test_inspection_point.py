from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from edge_contracts.device import InspectionPoint as Inventory
from edge_runtime.inspection_point import InspectionPoint
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import point

if TYPE_CHECKING:
    from edge_runtime.infer.predictor import Predictor

HANG_RESTART_S = 10.0


@dataclass
class Parts:
    """Scorer, reader, loop and model as the point sees them."""

    hung: float = 0.0
    exhausted: bool = False
    ended: bool = False
    running: bool = True
    progress_at_ns: int = 0
    stops: bool = True
    closed: bool = False
    clock: FakeClock = field(default_factory=FakeClock)
    told: list[str] = field(default_factory=list)
    counts: Any = field(default_factory=lambda: SimpleNamespace(abandoned=9))

    def hung_s(self) -> float:
        return self.hung

    def ask_to_stop(self) -> None:
        self.told.append("ask")

    def stop(self, timeout_s: float) -> bool:
        self.told.append("wait")
        if not self.stops:
            self.clock.advance(timeout_s)
        return self.stops

    def join(self, timeout_s: float) -> bool:
        return self.stop(timeout_s)

    def close(self) -> None:
        self.closed = True


def point_of(parts: Parts, *beside: Any) -> InspectionPoint:
    inventory = Inventory(name="gate", source="folder", bundle="part", model="0" * 64)
    every: Any = parts
    lessons: Any = SimpleNamespace(close=lambda _timeout_s: True)
    return InspectionPoint(
        point(),
        inventory,
        (cast("Predictor", every),),
        every,
        lessons,
        every,
        every,
        every,
        halt=threading.Event(),
        stall_s=3.0,
        beside=beside,
    )


@pytest.mark.parametrize(("parts", "says"), [
    (Parts(hung=HANG_RESTART_S), "gate: the backend has not answered for 10.0 s"),
    (Parts(exhausted=True), "gate: the source's driver has swallowed 9 threads"),
    (Parts(running=False), "gate: the loop has ended although its source has not"),
    (Parts(progress_at_ns=-10 * NS_PER_S), "gate: the loop has been stuck for 10 s"),
])  # fmt: skip
def test_what_only_a_restart_mends_is_named(parts: Parts, says: str) -> None:
    assert point_of(parts).trouble(0, HANG_RESTART_S) == says


def test_a_models_own_source_that_swallows_threads_calls_for_a_restart_too() -> None:
    one, other = Parts(), Parts(exhausted=True)
    says = "gate: a model's own source's driver has swallowed 9 threads"
    assert point_of(Parts(), one, other).trouble(0, HANG_RESTART_S) == says
    assert point_of(Parts(), one).trouble(0, HANG_RESTART_S) is None


@pytest.mark.parametrize("parts", [Parts(), Parts(hung=9.9), Parts(running=False, ended=True)])
def test_what_mends_itself_is_no_reason_to_restart(parts: Parts) -> None:
    assert point_of(parts).trouble(0, HANG_RESTART_S) is None


def test_a_loop_without_progress_starves_the_watchdog() -> None:
    assert not point_of(Parts(progress_at_ns=-2 * NS_PER_S)).is_stuck(0)
    assert point_of(Parts(progress_at_ns=-4 * NS_PER_S)).is_stuck(0)
    assert not point_of(Parts(progress_at_ns=-4 * NS_PER_S, running=False)).is_stuck(0)


@pytest.mark.parametrize("stops", [True, False])
def test_a_model_that_still_computes_keeps_its_memory(stops: bool) -> None:  # noqa: FBT001 - the parameter of the test
    parts = Parts(stops=stops)
    assert point_of(parts).stop(1.0, FakeClock()) is stops
    assert parts.closed is stops


def test_loop_and_model_share_the_time_that_a_point_may_take_to_stop() -> None:
    clock = FakeClock()
    begun_ns = clock.now_ns()
    assert not point_of(Parts(stops=False, clock=clock)).stop(7.0, clock)
    assert (clock.now_ns() - begun_ns) / NS_PER_S == pytest.approx(7.0)


def test_asking_a_point_to_stop_ends_its_loop_and_leaves_it_its_model() -> None:
    parts = Parts()
    point = point_of(parts)
    point.ask_to_stop()
    assert point.halt.is_set()
    assert parts.told == []
