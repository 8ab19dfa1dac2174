from __future__ import annotations

import math

import pytest

from converters.report.chart import SIDE_PX
from training.report.score_chart import score_bars, trade


def test_every_finite_score_is_in_one_bar() -> None:
    bars = score_bars([1.0, 1.1, 1.2, 2.0], [1.9, 300.0, math.inf], 1.8)
    assert bars is not None
    assert (sum(bar.inputs for bar in bars.good), sum(bar.inputs for bar in bars.defective)) == (4, 2)
    assert (bars.left_out, bars.logarithmic) == (1, True)
    assert max(bar.height_px for bar in (*bars.good, *bars.defective)) == SIDE_PX / 2


def test_the_threshold_lies_between_those_below_and_those_above_it() -> None:
    bars = score_bars([1.0, 2.0], [8.0, 9.0], 5.0)
    assert bars is not None
    assert bars.threshold_px is not None
    assert max(bar.x_px for bar in bars.good) < bars.threshold_px < min(bar.x_px for bar in bars.defective)


def test_scores_that_are_no_numbers_draw_nothing() -> None:
    assert score_bars([math.nan], [math.inf], None) is None


def test_a_perfect_detector_finds_all_before_it_rejects_a_good_part() -> None:
    found = trade([1.0, 2.0], [3.0, 4.0], 2.5)
    assert found is not None
    assert (0.0, SIDE_PX) in found.corners_px
    assert found.at_px == (0.0, SIDE_PX)


def test_the_curve_climbs_from_nothing_to_everything() -> None:
    found = trade([1.0, 3.0, 5.0], [2.0, 4.0, 6.0], 4.0)
    assert found is not None
    assert found.corners_px[0] == (0.0, 0.0)
    assert found.corners_px[-1] == (SIDE_PX, SIDE_PX)
    assert list(found.corners_px) == sorted(found.corners_px)
    assert found.at_px == pytest.approx((SIDE_PX / 3, 2 * SIDE_PX / 3), abs=0.1)


def test_one_kind_alone_trades_nothing() -> None:
    assert trade([1.0], [], None) is None
