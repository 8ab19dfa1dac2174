"""Samples are parted once: what remedies learn from never judges them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.quantize.feeds import FEWEST_TO_PART, MOST_FITTED, MOST_JUDGED, part, spread


@given(st.integers(FEWEST_TO_PART, 400))
def test_no_sample_both_teaches_and_judges(count):
    fitting, judging = part(range(count))
    assert not set(fitting) & set(judging)
    assert 0 < len(fitting) <= MOST_FITTED
    assert 0 < len(judging) <= MOST_JUDGED
    assert set(fitting) | set(judging) <= set(range(count))


def test_a_hundred_samples_give_twenty_to_fit_and_sixty_four_to_judge():
    assert [len(one) for one in part(range(100))] == [20, 64]


@pytest.mark.parametrize("count", range(1, FEWEST_TO_PART))
def test_a_few_samples_do_both(count):
    assert part(range(count)) == (list(range(count)), list(range(count)))


@given(st.integers(0, 300), st.integers(1, 80))
def test_a_spread_takes_as_many_as_it_may_over_the_whole(count, most):
    taken = spread(range(count), most)
    assert len(taken) == min(count, most)
    assert taken == sorted(set(taken))
    if len(taken) > 1:
        gaps = [after - before for before, after in pairwise(taken)]
        assert max(gaps) - min(gaps) <= 1
        assert taken[0] == 0
        assert taken[-1] + max(gaps) >= count - 1
