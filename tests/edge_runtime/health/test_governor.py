from __future__ import annotations

import logging

import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_contracts.station import Governor, GovernorStep
from edge_runtime.conditions import Conditions
from edge_runtime.health.board import BoardHealth
from edge_runtime.health.governor import GovernorRule, Strain
from edge_runtime.health.slowing import Slowing
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.pace import Paces
from tests.fakes.clock import NS_PER_S, FakeClock

SETTINGS = Governor(
    hot_c=80,
    cool_c=70,
    missed_parts=3,
    settle_s=30,
    hold_s=60,
    steps=(GovernorStep(interval_s=1), GovernorStep(interval_s=2)),
)
CALM = Strain(50.0, throttled=False, missed=0)
HOT = Strain(85.0, throttled=False, missed=0)


def levels(rule: GovernorRule, strains: list[tuple[float, Strain]]) -> list[int]:
    """The level after each look; each look is given with its time in seconds."""
    found = []
    for at_s, strain in strains:
        rule.look(strain, int(at_s * NS_PER_S))
        found.append(rule.level)
    return found


@pytest.mark.parametrize(
    "strain", [HOT, Strain(None, throttled=True, missed=0), Strain(None, throttled=None, missed=3)]
)
def test_heat_throttling_and_missed_parts_each_take_one_step_down_at_once(strain: Strain) -> None:
    move = GovernorRule(SETTINGS).look(strain, 0)
    assert move is not None
    assert move.level == 1


def test_the_next_step_waits_until_the_first_has_had_its_effect() -> None:
    assert levels(GovernorRule(SETTINGS), [(0, HOT), (5, HOT), (29, HOT), (30, HOT), (90, HOT)]) == [1, 1, 1, 2, 2]


def test_a_station_goes_up_one_step_at_a_time_after_a_calm_hold() -> None:
    rule = GovernorRule(SETTINGS)
    levels(rule, [(0, HOT), (30, HOT)])
    assert levels(rule, [(40, CALM), (99, CALM), (100, CALM), (159, CALM), (160, CALM)]) == [2, 2, 1, 1, 0]


def test_trouble_during_the_hold_begins_it_anew() -> None:
    rule = GovernorRule(SETTINGS)
    warm = Strain(75.0, throttled=False, missed=0)
    late = Strain(50.0, throttled=False, missed=1)
    levels(rule, [(0, HOT)])
    assert levels(rule, [(10, CALM), (60, warm), (70, CALM), (100, late), (110, CALM), (169, CALM)]) == [1] * 6
    assert levels(rule, [(170, CALM)]) == [0]


def test_a_board_without_sensors_goes_by_its_missed_parts() -> None:
    rule = GovernorRule(SETTINGS)
    nothing = Strain(None, None, 0)
    assert levels(rule, [(0, Strain(None, None, 9)), (5, nothing), (65, nothing)]) == [1, 1, 0]


def test_without_steps_there_is_nothing_to_give_up() -> None:
    assert GovernorRule(Governor()).look(HOT, 0) is None


class Trigger:
    """Remembers its interval."""

    interval_s = 0.0

    def set_interval(self, interval_s: float) -> None:
        self.interval_s = interval_s


class Bench:
    """Two free-running points under a governor whose second step is for one of them."""

    def __init__(self) -> None:
        self.clock, self.paces = FakeClock(), Paces()
        self.gate, self.exit, self.missed = Trigger(), Trigger(), 0
        self.paces.add("gate", self.gate, 0.5)
        self.paces.add("exit", self.exit, 0.2)
        self.conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NONE))
        steps = (GovernorStep(interval_s=1), GovernorStep(interval_s=3, points=("gate",)))
        settings = SETTINGS.model_copy(update={"steps": steps})
        self.slowing = Slowing(settings, ["gate", "exit"], self.paces, self.conditions, lambda: self.missed, self.clock)

    def look(self, seconds: float, temperature_c: float) -> tuple[float, float]:
        self.clock.advance(seconds)
        self.slowing.look(BoardHealth(temperature_c=temperature_c))
        return self.gate.interval_s, self.exit.interval_s


def test_steps_slow_the_points_down_and_let_them_run_again() -> None:
    bench = Bench()
    assert (bench.gate.interval_s, bench.exit.interval_s) == (0.5, 0.2)
    found = [bench.look(31, one) for one in (90, 90, 90, 40, 40, 40, 40, 40)]
    assert found[:3] == [(1, 1), (3, 1), (3, 1)]
    assert found[-1] == (0.5, 0.2)


def test_every_step_is_told(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    with caplog.at_level(logging.WARNING, "edge_runtime.health.slowing"):
        bench.look(0, 90)
        assert bench.conditions.active() == (AlarmType.GOVERNOR,)
        for _ in range(4):
            bench.look(31, 40)
    assert bench.conditions.active() == ()
    told = [record.message for record in caplog.records if record.name.endswith("slowing")]
    assert told == [
        "governor: step 1, was 0, because the processor has 90.0 °C: gate every 1 s, exit every 1 s",
        "governor: step 0, was 1, because calm for 60 s: as configured",
    ]


def test_at_the_end_of_the_watch_points_run_as_configured_and_no_step_lasts() -> None:
    bench = Bench()
    for _ in range(2):
        bench.look(31, 90)
    bench.slowing.end()
    assert (bench.gate.interval_s, bench.exit.interval_s) == (0.5, 0.2)
    assert bench.conditions.active() == ()


def test_a_point_that_is_added_while_a_step_is_in_force_runs_slowly_too() -> None:
    bench, late = Bench(), Trigger()
    bench.look(0, 90)
    bench.paces.add("exit", late, 0.2)
    assert late.interval_s == 1
    bench.paces.forget("exit")
    bench.look(31, 90)
    assert late.interval_s == 1


def test_no_step_makes_a_point_faster() -> None:
    paces, slow = Paces(), Trigger()
    paces.add("gate", slow, 5.0)
    paces.slow_down({"gate": 1.0})
    assert slow.interval_s == 5.0
