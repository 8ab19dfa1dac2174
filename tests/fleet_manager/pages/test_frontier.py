from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.pages.frontier import SETTLE_NS, Frontier

STEP_NS = SETTLE_NS // 20


@given(st.permutations(range(1, 31)), st.integers(1, 6))
def test_every_alert_is_fresh_once_in_whatever_order_writers_commit(order: list[int], at_a_time: int) -> None:
    """No number becomes visible more than five seconds after a higher one."""
    arrived = sorted(range(1, 31), key=lambda number: (number // 10, order.index(number)))
    frontier, told, visible = Frontier([]), [], []
    for at in range(0, len(arrived), at_a_time):
        visible += arrived[at : at + at_a_time]
        above = [number for number in visible if number > frontier.floor]
        told += frontier.fresh(sorted(above, reverse=True), at * STEP_NS // 10)
    assert sorted(told) == list(range(1, 31))


def test_what_was_there_at_the_beginning_is_not_new() -> None:
    frontier = Frontier([7, 9])
    assert frontier.fresh([9, 8], 0) == [8]
    assert frontier.floor == 7


def test_the_floor_rises_when_a_number_has_settled() -> None:
    frontier = Frontier([])
    frontier.fresh([5], 0)
    assert frontier.floor == 0
    frontier.fresh([], SETTLE_NS)
    assert frontier.floor == 5
