from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.allowance import Allowance

takes = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=30)


@given(st.floats(0.1, 100), st.floats(1, 100), takes)
def test_never_more_than_what_it_holds_and_grows(per_s: float, most: float, wanted: list[tuple[float, float]]) -> None:
    allowance, now_s, taken = Allowance(per_s, most), 0.0, 0.0
    for units, later_s in wanted:
        now_s += later_s
        if units <= allowance.left(now_s):
            allowance.take(units, now_s)
            taken += units
        assert taken <= most + per_s * now_s + 1e-6


@given(st.floats(0.1, 100), st.floats(1, 100), st.floats(0, 200), st.floats(0, 100))
def test_after_its_wait_the_amount_is_there(per_s: float, most: float, taken: float, wanted: float) -> None:
    allowance = Allowance(per_s, most)
    allowance.take(taken, 5.0)
    wait_s = allowance.wait_s(wanted, 5.0)
    assert allowance.left(5.0 + wait_s) >= min(wanted, most) - 1e-6


def test_an_overdraft_makes_the_next_wait_longer() -> None:
    allowance = Allowance(10.0, 20.0)
    allowance.take(50.0, 1.0)
    assert allowance.left(1.0) == -30.0
    assert allowance.wait_s(5.0, 1.0) == pytest.approx(3.5)


def test_time_that_goes_back_gives_nothing() -> None:
    allowance = Allowance(10.0, 20.0)
    allowance.take(20.0, 5.0)
    allowance.take(0.0, 4.0)
    assert allowance.left(5.0) == 0.0
