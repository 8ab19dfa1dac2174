from __future__ import annotations

import pytest

from edge_contracts.alarm import AlarmType
from edge_contracts.message import ClockTrust
from edge_contracts.verdict import Cause
from edge_runtime.conditions import Conditions
from edge_runtime.health.verdict_watch import IN_A_ROW, VerdictWatch
from edge_runtime.outbox.delivery_clock import Moment
from tests.fakes.parts import inspected, verdict


class Bench:
    """A watch and its register."""

    def __init__(self) -> None:
        self.conditions = Conditions(lambda: Moment(0, 0, ClockTrust.NONE))
        self.watch = VerdictWatch(self.conditions)
        for point in ("gate", "exit"):
            self.watch.follow(point)

    def take(self, *causes: Cause, point: str = "gate") -> tuple[AlarmType, ...]:
        for cause in causes:
            self.watch.take(inspected(verdict(cause, point=point)))
        return self.conditions.active()


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (Cause.SOURCE_LOST, AlarmType.CAMERA),
        (Cause.MOVED, AlarmType.CAMERA),
        (Cause.BACKEND_FAILED, AlarmType.MODEL),
        (Cause.DEADLINE, AlarmType.DEADLINE),
    ],
)
def test_the_third_unknown_in_a_row_is_a_condition_until_a_part_is_judged(cause: Cause, kind: AlarmType) -> None:
    bench = Bench()
    assert bench.take(*[cause] * (IN_A_ROW - 1)) == ()
    assert bench.take(cause) == (kind,)
    assert bench.take(*[cause] * 50) == (kind,)
    assert bench.take(Cause.THRESHOLD) == ()


@pytest.mark.parametrize("cause", Cause)
def test_only_parts_that_are_judged_can_go_on_for_ever_without_an_alarm(cause: Cause) -> None:
    is_judged = cause in {Cause.CLEAN, Cause.THRESHOLD, Cause.UNSURE}
    assert len(Bench().take(*[cause] * 100)) == (not is_judged)


def test_a_camera_that_fails_in_several_ways_is_one_blind_camera() -> None:
    assert Bench().take(Cause.SOURCE_LOST, Cause.NO_FRAME, Cause.DARK) == (AlarmType.CAMERA,)


def test_one_unknown_between_good_parts_is_no_condition() -> None:
    assert Bench().take(*[Cause.DARK, Cause.CLEAN] * 10, *[Cause.UNSURE] * 10) == ()


def test_each_point_has_its_own_row() -> None:
    bench = Bench()
    for _ in range(IN_A_ROW):
        bench.take(Cause.DARK)
        bench.take(Cause.CLEAN, point="exit")
    assert bench.conditions.is_active(AlarmType.CAMERA, "gate")
    assert not bench.conditions.is_active(AlarmType.CAMERA, "exit")


def test_a_row_that_changes_its_kind_ends_one_condition_and_begins_another() -> None:
    bench = Bench()
    bench.take(*[Cause.DARK] * 5)
    assert bench.take(*[Cause.DEADLINE] * 3) == (AlarmType.DEADLINE,)


def test_parts_that_were_missed_are_counted_once() -> None:
    bench = Bench()
    bench.take(Cause.DEADLINE, Cause.BACKEND_HUNG, Cause.DARK, Cause.CLEAN)
    assert [bench.watch.missed_since(), bench.watch.missed_since()] == [2, 0]


def test_what_was_wrong_with_a_point_that_is_no_more_is_over() -> None:
    bench = Bench()
    bench.take(*[Cause.DARK] * 5)
    bench.watch.forget("gate")
    assert bench.conditions.active() == ()


def test_parts_that_a_point_leaves_behind_are_no_condition() -> None:
    bench = Bench()
    bench.watch.forget("gate")
    assert bench.take(*[Cause.MISSED] * 5) == ()
    bench.watch.follow("gate")
    assert bench.take(*[Cause.MISSED] * 3) == (AlarmType.DEADLINE,)
