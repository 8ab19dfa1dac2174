from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from training.confidence import auroc_difference, auroc_interval, none_found_bound, share_interval


def _chance_of_at_most(hits: int, trials: int, share: float) -> float:
    return sum(comb(trials, one) * share**one * (1 - share) ** (trials - one) for one in range(hits + 1))


@given(st.integers(1, 60).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_at_either_end_of_a_share_the_finding_has_a_chance_of_a_fortieth(case) -> None:
    hits, trials = case
    found = share_interval(hits, trials)
    assert found.low <= hits / trials <= found.high
    if hits:
        assert 1 - _chance_of_at_most(hits - 1, trials, found.low) == pytest.approx(0.025, rel=1e-6)
    if hits < trials:
        assert _chance_of_at_most(hits, trials, found.high) == pytest.approx(0.025, rel=1e-6)


def test_a_share_agrees_with_published_tables() -> None:
    # Clopper and Pearson at 95 %: 1 of 10, and 0 of 30.
    assert (share_interval(1, 10).low, share_interval(1, 10).high) == pytest.approx((0.0025, 0.4450), abs=5e-5)
    assert share_interval(0, 30).high == pytest.approx(0.1157, abs=5e-5)


@pytest.mark.parametrize("trials", [30, 100, 1000])
def test_zero_misses_in_k_promise_about_three_in_k(trials: int) -> None:
    assert none_found_bound(trials) == pytest.approx(3 / trials, rel=0.06)


def test_an_area_of_one_is_not_certain() -> None:
    few, many = auroc_interval(1.0, 10, 10), auroc_interval(1.0, 300, 300)
    assert few.high == many.high == 1.0
    assert few.low < 0.85
    assert 0.98 < many.low < 1.0


def test_an_area_agrees_with_hanley_and_mcneils_error_where_both_hold() -> None:
    # Hanley and McNeil, 1982: AUROC 0.893 from 58 normal and 51 abnormal has a standard error of about 0.032.
    found = auroc_interval(0.893, 58, 51)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(0.032, abs=0.004)
    assert found.low < 0.893 < found.high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        good, bad = random.normal(size=20), random.normal(1.5, size=15)
        area = float((bad[:, None] > good).mean())
        found = auroc_interval(area, 20, 15)
        held += found.low <= 0.8556 <= found.high  # Φ(1.5 / √2)
    assert 0.92 <= held / 300 <= 0.99


def test_scores_that_rank_alike_do_not_differ() -> None:
    scores, is_defect = np.arange(20.0), np.arange(20) % 3 == 0
    same = auroc_difference(scores, scores**3, is_defect)
    assert (same.value, same.error, same.is_clear) == (0.0, 0.0, False)


def test_a_clear_lead_is_clear_and_a_slight_one_is_not() -> None:
    random = np.random.default_rng(0)
    is_defect = np.arange(80) < 20
    noise = random.normal(size=80)
    better, worse = is_defect * 3 + noise, is_defect + noise
    assert auroc_difference(better, worse, is_defect).is_clear
    assert not auroc_difference(worse + 1e-9 * random.normal(size=80), worse, is_defect).is_clear


def test_the_error_of_a_difference_is_what_resampling_says() -> None:
    random = np.random.default_rng(1)
    is_defect = np.arange(150) < 50
    first, second = is_defect + random.normal(size=150), is_defect + random.normal(size=150)
    drawn = []
    for _ in range(400):
        rows = np.concatenate([random.choice(50, 50), 50 + random.choice(100, 100)])
        drawn.append(auroc_difference(first[rows], second[rows], is_defect[rows]).value)
    assert auroc_difference(first, second, is_defect).error == pytest.approx(np.std(drawn), rel=0.15)


def test_five_shots_of_each_part_leave_the_error_of_a_difference() -> None:
    random = np.random.default_rng(1)
    is_defect = np.arange(150) < 50
    first, second = is_defect + random.normal(size=150), is_defect + random.normal(size=150)
    wanted = auroc_difference(first, second, is_defect)
    shots = [np.repeat(one, 5) + 0.01 * random.normal(size=750) for one in (first, second)]
    found = auroc_difference(*shots, np.repeat(is_defect, 5), np.repeat(np.arange(150), 5).tolist())
    assert found.error == pytest.approx(wanted.error, rel=0.03)
    assert auroc_difference(first, second, is_defect, list(range(150))) == wanted


@pytest.mark.parametrize(("hits", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_no_trials_have_no_share(hits: int, trials: int) -> None:
    with pytest.raises(BadInputError, match="hits among one or more trials"):
        share_interval(hits, trials)
