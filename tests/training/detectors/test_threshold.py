from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from training.detectors.threshold import lognormal_threshold


def test_five_percent_of_many_lognormal_scores_lie_above() -> None:
    scores = np.random.default_rng(0).lognormal(0.3, 0.4, 20_000)
    threshold = lognormal_threshold(scores.tolist())
    assert np.mean(scores >= threshold.value) == pytest.approx(0.05, abs=0.003)
    assert threshold.overkill_low < 0.05 < threshold.overkill_high


def test_the_stated_interval_covers_the_true_overkill_nine_times_in_ten() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(400):
        threshold = lognormal_threshold(random.lognormal(0, 1, 20).tolist())
        fresh = np.random.default_rng(2).lognormal(0, 1, 20_000)
        covered += threshold.overkill_low <= np.mean(fresh >= threshold.value) <= threshold.overkill_high
    assert covered / 400 == pytest.approx(0.90, abs=0.05)


def test_the_interval_covers_as_often_where_each_part_was_photographed_twenty_times() -> None:
    random = np.random.default_rng(1)
    fresh = np.random.default_rng(2).lognormal(0, 1, 20_000)
    groups = [str(number // 20) for number in range(200)]
    covered = 0
    for _ in range(200):
        scores = np.repeat(random.lognormal(0, 1, 10), 20) * random.lognormal(0, 0.01, 200)
        threshold = lognormal_threshold(scores.tolist(), groups=groups)
        covered += threshold.overkill_low <= np.mean(fresh >= threshold.value) <= threshold.overkill_high
    assert covered / 200 > 0.80  # 0.21 were each photograph counted as a part


def test_relatives_widen_the_interval_and_leave_the_threshold() -> None:
    scores = np.random.default_rng(0).lognormal(0.3, 0.4, 40).tolist()
    alone, related = (lognormal_threshold(scores, groups=[str(n // many) for n in range(40)]) for many in (1, 4))
    assert alone == lognormal_threshold(scores)
    assert (related.value, related.samples, related.groups) == (alone.value, 40, 10)
    assert related.low < alone.low < alone.high < related.high


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 10), min_size=5, max_size=40, unique=True), st.floats(0.5, 20))
def test_a_change_of_unit_changes_the_threshold_by_that_unit(scores: list[float], unit: float) -> None:
    plain, scaled = lognormal_threshold(scores), lognormal_threshold([one * unit for one in scores])
    assert scaled.value == pytest.approx(plain.value * unit, rel=1e-6)
    assert plain.low <= plain.value <= plain.high


def test_one_part_says_nothing_of_others() -> None:
    with pytest.raises(BadInputError, match="not all relatives, found 6 in 1 group; add good parts"):
        lognormal_threshold([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], groups=["a"] * 6)


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (float("inf"), "finite scores of good parts, found 1 of 61 that"),
        (0.0, "positive scores of good parts, found 1 of"),
    ],
)
def test_a_refusal_says_how_many_scores_are_to_be_looked_at(odd: float, told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        lognormal_threshold([odd, *np.linspace(1, 2, 60).tolist()])


@pytest.mark.parametrize("scores", [[1.0] * 4, [1.0] * 9, [0.0, 1, 2, 3, 4], [float("nan"), 1, 2, 3, 4]])
def test_scores_that_say_nothing_are_refused(scores: list[float]) -> None:
    with pytest.raises(BadInputError):
        lognormal_threshold(scores)
