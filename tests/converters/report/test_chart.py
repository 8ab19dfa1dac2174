"""Charts: values to places on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.report.chart import MOST_POINTS, SIDE_PX, histogram, scatter

FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=40))
def test_every_dot_lies_inside_the_axes(pairs):
    before, after = np.asarray(pairs, np.float64).T
    drawn = scatter(before, after, None, None)
    assert drawn is not None
    assert len(drawn.dots) == len(pairs)
    for dot in drawn.dots:
        assert 0 <= dot.x_px <= SIDE_PX
        assert 0 <= dot.y_px <= SIDE_PX
    assert all(0 <= tick.at_px <= SIDE_PX for tick in drawn.ticks)


@given(st.lists(FINITE, min_size=1, max_size=60))
def test_a_histogram_counts_every_difference(differences):
    drawn = histogram(np.asarray(differences, np.float64), "%")
    assert drawn is not None
    assert sum(bar.inputs for bar in drawn.bars) == len(differences)
    assert max(bar.height_px for bar in drawn.bars) == SIDE_PX


def test_agreement_lies_on_the_diagonal():
    values = np.asarray([0.1, 0.5, 0.9])
    drawn = scatter(values, values, None, None)
    assert [dot.x_px for dot in drawn.dots] == [dot.y_px for dot in drawn.dots]


def test_scores_over_several_decades_get_a_logarithmic_scale():
    values = np.asarray([1.0, 10.0, 100.0])
    drawn = scatter(values, values, None, (5.0, 5.0))
    assert drawn.logarithmic
    assert drawn.dots[1].x_px == pytest.approx(SIDE_PX / 2, abs=0.2)
    assert {"1", "2", "5", "10", "100"} <= {tick.text for tick in drawn.ticks}


def test_the_thresholds_are_placed_on_the_scale_of_the_dots():
    drawn = scatter(np.asarray([1.0, 2.0]), np.asarray([1.0, 2.0]), None, (1.0, 2.0))
    assert drawn.thresholds_px == (drawn.dots[0].x_px, drawn.dots[1].y_px)


def test_a_crowd_is_thinned_and_its_outliers_stay():
    before = np.linspace(1, 2, 5000)
    after = before.copy()
    after[1234] = 1.9
    flipped = np.zeros(5000, bool)
    flipped[1234] = True
    drawn = scatter(before, after, flipped, None)
    assert len(drawn.dots) == MOST_POINTS
    assert drawn.left_out == 5000 - MOST_POINTS
    assert drawn.dots[-1].flipped


def test_scores_that_are_no_numbers_are_left_out():
    drawn = scatter(np.asarray([1.0, np.nan, 3.0]), np.asarray([1.0, 2.0, np.inf]), None, None)
    assert (len(drawn.dots), drawn.left_out) == (1, 2)
    assert scatter(np.asarray([np.nan]), np.asarray([1.0]), None, None) is None
    assert histogram(np.asarray([np.nan]), "%") is None
