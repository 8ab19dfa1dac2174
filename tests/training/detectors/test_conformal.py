from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.detectors.conformal import conformal_threshold, fewest_scores
from training.detectors.threshold_rule import ThresholdRule

DISTRIBUTIONS = {
    "lognormal": lambda random, count: random.lognormal(0, 1, count),
    "two humps": lambda random, count: np.where(
        random.random(count) < 0.9, random.normal(1, 0.1, count), random.normal(9, 1, count)
    ),
    "heavy tail": lambda random, count: random.pareto(1.2, count) + 1,
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [45, 77])
def test_the_promise_is_broken_in_at_most_one_of_ten_draws_whatever_the_distribution(name: str, count: int) -> None:
    random = np.random.default_rng(count)
    allowed = np.quantile(DISTRIBUTIONS[name](np.random.default_rng(1), 500_000), 0.95)
    limits = [conformal_threshold(DISTRIBUTIONS[name](random, count).tolist(), 0.05).value for _ in range(200)]
    broken = np.mean(np.array(limits) < allowed)
    # Three standard errors of 200 draws.
    assert broken <= 0.10 + 3 * np.sqrt(0.1 * 0.9 / 200)


def test_the_promise_is_not_bought_with_more_than_it_costs() -> None:
    scores = list(range(1, 78))
    # Of 77 scores one may lie above; of 76 none.
    assert 76 < conformal_threshold(scores, 0.05).value < 76.001
    assert 76 < conformal_threshold(scores[:76], 0.05).value < 76.001


@pytest.mark.parametrize(("overkill", "confidence", "wanted"), [(0.05, 0.90, 45), (0.05, 0.95, 59), (0.01, 0.90, 230)])
def test_the_fewest_scores_are_those_of_the_tolerance_tables(overkill: float, confidence: float, wanted: int) -> None:
    assert fewest_scores(overkill, confidence) == wanted
    assert (1 - overkill) ** wanted <= 1 - confidence < (1 - overkill) ** (wanted - 1)


def test_too_few_scores_say_how_many_are_missing() -> None:
    with pytest.raises(BadInputError, match=r"wanted 45 or more .* found 20; take 25 more"):
        conformal_threshold([1.0] * 20, 0.05)


def test_relatives_count_once_and_by_the_worst_of_them() -> None:
    rule = ThresholdRule("conformal")
    scores = [float(number) for number in range(90)]
    groups = [f"part-{number // 2}" for number in range(90)]
    found = rule.threshold(scores, groups)
    assert found.samples == 45
    assert 89 < found.value < 89.001
    with pytest.raises(BadInputError, match="take 15 more"):
        rule.require_enough([f"part-{number // 3}" for number in range(90)])


def test_the_interval_holds_the_limit_and_what_was_asked_for() -> None:
    found = conformal_threshold(np.random.default_rng(0).lognormal(0, 1, 300).tolist(), 0.05)
    assert found.low <= found.value == found.high
    assert found.overkill_low < found.overkill_high <= 0.06
    assert (found.rule, found.confidence) == ("conformal", 0.90)


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BadInputError, match="finite"):
        conformal_threshold([1.0] * 50 + [float("nan")], 0.05)


@pytest.mark.parametrize("place", [0, 59])
def test_a_score_that_is_no_number_hides_behind_no_relative(place: int) -> None:
    scores = np.linspace(1, 2, 60).tolist()
    scores[place] = float("nan")
    groups = [*map(str, range(59)), "0"]
    with pytest.raises(BadInputError, match="found 1 of 60 that are not"):
        ThresholdRule("conformal").threshold(scores, groups)
