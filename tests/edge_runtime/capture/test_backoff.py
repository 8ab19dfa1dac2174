from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.capture.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(lambda: 1.0, first_s=1.0, most_s=8.0)
    assert [backoff.next_s() for _ in range(6)] == [1, 2, 4, 8, 8, 8]


def test_success_begins_with_the_short_wait_again() -> None:
    backoff = Backoff(lambda: 1.0, first_s=1.0, most_s=8.0)
    backoff.next_s()
    backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == pytest.approx(1.0)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 5000))
def test_jitter_keeps_every_wait_within_its_bounds(draw: float, failures: int) -> None:
    backoff = Backoff(lambda: draw, first_s=0.5, most_s=15.0)
    waits_s = [backoff.next_s() for _ in range(failures)]
    assert all(0.25 <= wait_s <= 15.0 for wait_s in waits_s)


def test_a_source_that_is_back_is_looked_for_within_three_seconds_however_long_it_was_away() -> None:
    backoff = Backoff(lambda: 1.0)
    assert max(backoff.next_s() for _ in range(100)) <= 3.0
