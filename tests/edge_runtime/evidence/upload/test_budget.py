from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.evidence.upload.budget import BLOCK_BYTES, Spent, UploadBudget, hour_of

HOUR_S = 3600.0
steps = st.lists(st.tuples(st.integers(1, BLOCK_BYTES), st.floats(0, 2 * HOUR_S)), max_size=60)


@given(st.integers(1000, 200_000), st.integers(1, 400_000), steps)
def test_neither_limit_is_passed_by_more_than_a_block(
    per_s: int, per_day: int, wanted: list[tuple[int, float]]
) -> None:
    budget, now_s = UploadBudget(per_s, per_day), 0.0
    sent: list[tuple[float, int]] = []
    for size, later_s in wanted:
        now_s += later_s
        if budget.wait_s(size, now_s) == 0:
            budget.take(size, now_s)
            sent.append((now_s, size))
    for begin_s, _ in sent:
        in_a_day = sum(size for at_s, size in sent if begin_s <= at_s < begin_s + 24 * HOUR_S)
        assert in_a_day < per_day + BLOCK_BYTES
        in_a_second = sum(size for at_s, size in sent if begin_s <= at_s < begin_s + 1.0)
        assert in_a_second <= 2 * max(per_s, BLOCK_BYTES) + 1


def test_a_used_up_day_waits_for_the_next_hour_and_goes_on_a_day_later() -> None:
    budget = UploadBudget(1_000_000, 1000)
    budget.take(1000, 1800.0)
    assert budget.wait_s(1, 1800.0) == 1800.0
    assert budget.wait_s(1, 24 * HOUR_S) == HOUR_S
    assert budget.wait_s(1, 25 * HOUR_S) == 0.0


def test_what_an_earlier_run_sent_counts() -> None:
    budget = UploadBudget(1_000_000, 1000, [Spent(10, 600), Spent(10, 300), Spent(3, 200)])
    assert budget.spent_in_a_day(11 * HOUR_S) == 1100
    assert budget.wait_s(1, 11 * HOUR_S) > 0
    assert budget.spent_in_a_day(30 * HOUR_S) == 900


def test_no_limit_of_a_day() -> None:
    budget = UploadBudget(1000, 0)
    budget.take(10**9, 0.0)
    assert budget.wait_s(1, 10**7) == 0.0


def test_hours_are_counted_from_the_boards_start() -> None:
    assert [hour_of(seconds) for seconds in (0.0, 3599.9, 3600.0)] == [0, 0, 1]
