from __future__ import annotations

import pytest

from edge_runtime.outputs.output import order_of
from edge_runtime.outputs.shift_register import PARTS_MAX, PlaceUnknown, ShiftRegister, TooManyParts
from tests.fakes.verdicts import verdict


def order(part: str, outcome: str = "defect"):
    return order_of(verdict(part, outcome), 1)


def test_a_part_arrives_when_the_belt_has_come_so_far() -> None:
    register = ShiftRegister(travel=100)
    register.judge(("gate", 1), 10, order("A"))
    assert register.next_gate() == 110
    assert register.arrived(109) == []
    (part,) = register.arrived(110)
    assert part.order is not None
    assert part.order.part == "A"
    assert register.arrived(1000) == []


def test_a_part_without_a_verdict_arrives_all_the_same() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("gate", 1), 10)
    assert [part.order for part in register.arrived(110)] == [None]


def test_a_verdict_after_the_arrival_is_too_late() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("gate", 1), 10)
    register.arrived(110)
    assert not register.judge(("gate", 1), 10, order("A"))
    assert register.arrived(10_000) == []


def test_a_part_is_behind_a_position_once_the_belt_has_carried_it_past() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("gate", 1), 10)
    assert register.behind(110) == []
    assert [part.key for part in register.behind(111)] == [("gate", 1)]
    assert len(register) == 1


def test_a_part_that_is_expected_twice_is_one_part() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("gate", 1), 10)
    register.expect(("gate", 1), 99)
    register.judge(("gate", 1), 99, order("A"))
    assert [part.gate for part in register.arrived(1000)] == [110]
    register.expect(("gate", 1), 10)
    assert len(register) == 0


def test_a_part_that_was_announced_where_nobody_knew_has_no_place_ever() -> None:
    register = ShiftRegister(travel=100)
    for at in (None, 10):
        register.expect(("gate", 1), at)
    assert len(register) == 0
    with pytest.raises(PlaceUnknown, match="nobody knows where"):
        register.judge(("gate", 1), 10, order("A"))
    assert register.unplaced() == []
    register.expect(("gate", 2), None)
    assert (register.unplaced(), register.unplaced()) == ([("gate", 2)], [])


def test_a_part_that_was_not_announced_needs_a_place_with_its_verdict() -> None:
    with pytest.raises(PlaceUnknown):
        ShiftRegister(travel=100).judge(("gate", 1), None, order("A"))


def test_a_part_that_was_announced_keeps_its_place_whatever_is_known_at_its_verdict() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("gate", 1), 10)
    assert register.judge(("gate", 1), None, order("A"))
    assert [part.gate for part in register.arrived(1000)] == [110]


def test_parts_of_two_points_with_one_moment_are_two() -> None:
    register = ShiftRegister(travel=100)
    register.expect(("left", 1), 10)
    register.expect(("right", 1), 10)
    assert len(register.arrived(110)) == 2


def test_parts_arrive_in_their_order_on_the_belt_whatever_the_order_of_their_verdicts() -> None:
    register = ShiftRegister(travel=100)
    for at in (30, 10, 20):
        register.judge(("gate", at), at, order(str(at)))
    assert [part.gate for part in register.arrived(1000)] == [110, 120, 130]


def test_a_wrong_distance_fills_no_memory() -> None:
    register = ShiftRegister(travel=1)
    for at in range(PARTS_MAX):
        register.expect(("gate", at), at)
    with pytest.raises(TooManyParts, match="check the gate's distance"):
        register.expect(("gate", -1), 0)
    for at in range(3 * PARTS_MAX):
        register.expect(("gate", at), at)
        register.arrived(at + 1)
        register.expect(("lost", at), None)
    assert len(register._gone) == len(register.unplaced()) == PARTS_MAX


def test_flushing_gives_every_part_once() -> None:
    register = ShiftRegister(travel=100)
    assert register.flush() == []
    for at in (10, 20):
        register.expect(("gate", at), at)
    assert len(register.flush()) == 2
    assert (len(register), register.flush()) == (0, [])


def test_a_second_verdict_under_the_same_moment_is_not_swallowed() -> None:
    register = ShiftRegister(travel=100)
    register.judge(("gate", 1), 10, order("A"))
    register.arrived(110)
    assert register.judge(("gate", 1), 10, order("B"))
    assert len(register.arrived(110)) == 1
