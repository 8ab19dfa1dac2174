from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from edge_contracts.errors import BadInputError
from edge_runtime.supervisor import NoWayBack, Part, PlanRefused, Prepared, Supervisor, Unit, longest_stop_s
from tests.fakes.clock import NS_PER_S, FakeClock


@dataclass
class Stage:
    """Notes what is done to the units that it makes."""

    clock: FakeClock = field(default_factory=FakeClock)
    told: list[str] = field(default_factory=list)
    unstartable: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    troubled: dict[str, str] = field(default_factory=dict)

    def unit(self, name: str, settings: Any = 1, *, needs: tuple[str, ...] = (), kind: str = "", **more: Any) -> Unit:
        def start() -> Part:
            if name in self.unstartable:
                raise OSError(f"{name} does not start")
            self.told.append(f"start {name}")
            return Part(
                lambda left_s: self.stop(name, left_s),
                lambda: self.told.append(f"ask {name}"),
                lambda _: self.troubled.get(name),
            )

        def prepare() -> Prepared:
            if name in self.refusing:
                raise BadInputError(f"no {name}")
            self.told.append(f"prepare {name}")
            return Prepared(start, lambda: self.told.append(f"discard {name}"))

        return Unit(name, kind or name, settings, prepare, stop_s=3.0, needs=needs, **more)

    def stop(self, name: str, left_s: float) -> bool:
        self.told.append(f"stop {name}")
        if name in self.failing:
            raise OSError("no")
        if name in self.hanging:
            self.clock.advance(left_s)
        return name not in self.hanging

    def since(self) -> list[str]:
        told, self.told = self.told, []
        return told


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def supervisor(stage: Stage) -> Supervisor:
    return Supervisor(stage.clock)


def test_units_are_prepared_then_started_in_order_and_stopped_in_reverse(stage: Stage, supervisor: Supervisor) -> None:
    assert supervisor.apply([stage.unit("spool"), stage.unit("point", needs=("spool",))]) == ["spool", "point"]
    assert stage.since() == ["prepare spool", "prepare point", "start spool", "start point"]
    supervisor.stop()
    assert stage.since() == ["ask point", "stop point", "ask spool", "stop spool"]


def test_what_did_not_change_goes_on_running(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("spool"), stage.unit("gate"), stage.unit("exit")])
    stage.since()
    assert supervisor.apply([stage.unit("spool"), stage.unit("gate", 2), stage.unit("exit")]) == ["gate"]
    assert stage.since() == ["prepare gate", "ask gate", "stop gate", "start gate"]
    assert supervisor.apply([stage.unit("spool"), stage.unit("gate", 2), stage.unit("exit")]) == []
    assert stage.since() == []


def test_what_stands_on_a_changed_unit_is_started_anew_with_it(stage: Stage, supervisor: Supervisor) -> None:
    def plan(settings: int) -> list[Unit]:
        delivery = stage.unit("delivery", needs=("spool",))
        return [stage.unit("spool", settings), delivery, stage.unit("gate", needs=("delivery",)), stage.unit("clock")]

    supervisor.apply(plan(1))
    stage.since()
    assert supervisor.apply(plan(2)) == ["spool", "delivery", "gate"]
    order = [step for step in stage.since() if step.startswith(("stop", "start"))]
    assert order == ["stop gate", "stop delivery", "stop spool", "start spool", "start delivery", "start gate"]


def test_a_unit_that_is_gone_is_stopped_and_a_new_one_started(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("gate")])
    stage.since()
    supervisor.apply([stage.unit("exit")])
    assert stage.since() == ["prepare exit", "ask gate", "stop gate", "start exit"]
    supervisor.stop()
    assert stage.since() == ["ask exit", "stop exit"]


def test_a_plan_that_cannot_be_changes_nothing_and_gives_every_reason(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("gate")])
    stage.since()
    stage.refusing = {"exit", "oven"}
    with pytest.raises(PlanRefused, match=r"no exit\n  no oven"):
        supervisor.apply([stage.unit("gate", 2), stage.unit("exit"), stage.unit("oven")])
    assert stage.since() == ["prepare gate", "discard gate"]
    supervisor.stop()
    assert stage.since() == ["ask gate", "stop gate"]


def test_one_reason_keeps_its_own_kind(stage: Stage, supervisor: Supervisor) -> None:
    stage.refusing = {"gate"}
    with pytest.raises(BadInputError, match=r"^no gate$") as refusal:
        supervisor.apply([stage.unit("gate")])
    assert type(refusal.value) is BadInputError


def test_a_first_start_that_fails_stops_what_was_started(stage: Stage, supervisor: Supervisor) -> None:
    def fails() -> Part:
        raise OSError("disk")

    broken = Unit("broken", "broken", 1, lambda: Prepared(fails), 1.0)
    with pytest.raises(OSError, match="disk"):
        supervisor.apply([stage.unit("spool"), broken, stage.unit("gate")])
    assert stage.since()[-3:] == ["discard gate", "ask spool", "stop spool"]
    supervisor.stop()
    assert stage.since() == []


def test_a_unit_that_fails_in_starting_brings_back_what_ran(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("spool"), stage.unit("gate", needs=("spool",))])
    stage.since()
    stage.unstartable = {"exit"}
    with pytest.raises(OSError, match="exit does not start"):
        supervisor.apply([stage.unit("spool", 2), stage.unit("gate", needs=("spool",)), stage.unit("exit")])
    told = stage.since()
    assert "discard exit" in told
    assert told[-2:] == ["start spool", "start gate"]
    supervisor.stop()
    assert [step for step in stage.since() if step.startswith("stop")] == ["stop gate", "stop spool"]


def test_without_a_way_back_it_is_said(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("gate")])
    stage.unstartable = {"gate"}
    with pytest.raises(NoWayBack, match="wanted to go back to what ran, after gate does not start"):
        supervisor.apply([stage.unit("gate", 2)])


def test_a_fault_that_nobody_thought_of_refuses_a_plan_as_any_other(stage: Stage, supervisor: Supervisor) -> None:
    def fails() -> Prepared:
        raise ZeroDivisionError("nobody thought of it")

    supervisor.apply([stage.unit("gate")])
    stage.since()
    with pytest.raises(PlanRefused, match="exit: wanted it prepared, found ZeroDivisionError: nobody thought of it"):
        supervisor.apply([stage.unit("gate"), Unit("exit", "exit", 1, fails, 1.0)])
    assert stage.since() == []


def test_a_unit_that_did_not_stop_is_a_trouble_at_once(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("gate"), stage.unit("spool")])
    stage.hanging = {"gate"}
    supervisor.apply([stage.unit("spool")])
    assert supervisor.trouble() == "did not stop: gate"


def test_units_of_a_kind_stop_side_by_side_within_one_time(stage: Stage, supervisor: Supervisor) -> None:
    names = [f"point-{number}" for number in range(16)]
    stage.hanging = set(names)
    supervisor.apply([stage.unit(name, kind="point") for name in names])
    stage.since()
    begun_ns = stage.clock.now_ns()
    supervisor.stop()
    assert (stage.clock.now_ns() - begun_ns) / NS_PER_S == pytest.approx(3.0)
    told = stage.since()
    assert [step.split()[0] for step in told] == ["ask"] * 16 + ["stop"] * 16
    assert set(supervisor.stuck) == set(names)


def test_a_unit_that_fails_or_hangs_keeps_no_other_from_being_stopped(stage: Stage, supervisor: Supervisor) -> None:
    stage.failing, stage.hanging = {"gate"}, {"lines"}
    supervisor.apply([stage.unit("spool"), stage.unit("lines", needs_restart=False), stage.unit("gate")])
    supervisor.stop()
    assert stage.told[-1] == "stop spool"
    assert (supervisor.left_behind, supervisor.stuck) == (["gate", "lines"], ["gate"])


@pytest.mark.parametrize("spool", [1, 2])
def test_a_unit_that_hands_over_is_waited_for_by_its_successor_while_its_ground_stays(
    stage: Stage, supervisor: Supervisor, spool: int
) -> None:
    def plan(spool: int, uplink: int) -> list[Unit]:
        on = {"needs": ("spool",), "hands_over_on": ("spool",)}
        return [stage.unit("spool", spool), stage.unit("uplink", uplink, **on)]  # type: ignore[arg-type]

    stage.hanging.add("uplink")
    supervisor.apply(plan(1, 1))
    stage.since()
    supervisor.apply(plan(spool, 2))
    told = [one for one in stage.since() if "uplink" in one]
    waited = ["stop uplink"] if spool == 2 else []
    assert told == ["prepare uplink", "ask uplink", *waited, "start uplink"]
    assert supervisor.left_behind == (["uplink"] if spool == 2 else [])


def test_a_unit_that_hands_over_is_waited_for_where_nobody_comes_after_it(stage: Stage, supervisor: Supervisor) -> None:
    units = [stage.unit("spool"), stage.unit("uplink", hands_over_on=("spool",))]
    supervisor.apply(units)
    supervisor.apply(units[:1])
    assert stage.since()[-2:] == ["ask uplink", "stop uplink"]
    supervisor.apply(units)
    supervisor.stop()
    assert stage.since()[-4:] == ["ask uplink", "stop uplink", "ask spool", "stop spool"]


def test_the_first_trouble_is_told(stage: Stage, supervisor: Supervisor) -> None:
    supervisor.apply([stage.unit("spool"), stage.unit("gate")])
    assert supervisor.trouble() is None
    stage.troubled = {"gate": "the loop is stuck"}
    assert supervisor.trouble() == "the loop is stuck"


def test_the_longest_stop_counts_each_kind_once(stage: Stage) -> None:
    assert longest_stop_s([stage.unit("a", kind="point"), stage.unit("b", kind="point"), stage.unit("c")]) == 6.0
