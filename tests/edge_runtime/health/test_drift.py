from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.manifest import ScoreReference
from edge_runtime.health.drift import Drift, compare, what_else_changed
from edge_runtime.health.score_watch import score_reference
from edge_runtime.picture_health import Light

THEN = Light(mean=100, contrast=40, sharpness=200, pictures=500)


def lognormal(count: int, seed: int, shift: float = 0.0) -> list[float]:
    """Scores as a detector gives them; `shift` in standard deviations of their logarithm."""
    return np.exp(np.random.default_rng(seed).normal(shift * 0.3, 0.3, count)).tolist()


@pytest.mark.parametrize("photographs", [20, 40, 500])
def test_chance_alone_is_no_drift(photographs: int) -> None:
    alarms = 0
    for seed in range(400):
        reference = score_reference(lognormal(photographs, seed))
        alarms += compare(lognormal(500, 10_000 + seed), reference, 0.25).is_there
    assert alarms <= 2


@pytest.mark.parametrize(("photographs", "shift"), [(20, 2.0), (40, 1.2), (500, 0.7)])
def test_scores_that_moved_are_drift(photographs: int, shift: float) -> None:
    found = [
        compare(lognormal(500, 10_000 + seed, shift), score_reference(lognormal(photographs, seed)), 0.25)
        for seed in range(100)
    ]
    assert sum(one.is_there for one in found) >= 90
    assert all(one.higher for one in found if one.is_there)


def test_lower_scores_are_drift_too() -> None:
    found = compare(lognormal(500, 1, -2), score_reference(lognormal(100, 0)), 0.25)
    assert found.is_there
    assert not found.higher


def test_scores_that_are_all_alike_can_be_compared() -> None:
    reference = score_reference([1.0] * 100)
    assert compare([1.0] * 500, reference, 0.25).is_over
    assert compare([0.4] * 500, reference, 0.25).is_there
    assert compare(lognormal(500, 1), reference, 0.25).is_there


def test_psi_and_ks_are_those_of_the_formulas() -> None:
    reference = ScoreReference(quantiles=tuple(np.linspace(0, 1, 21).tolist()), samples=10**6)
    scores = np.linspace(0.5, 1, 1000, endpoint=False) + 0.00025
    found = compare(scores.tolist(), reference, 0.25)
    assert found.ks == pytest.approx(0.5, abs=0.002)
    share, half = 0.1, 0.5 / 1005
    psi = 5 * ((0.2 - share) * np.log(0.2 / share)) + 5 * ((half - share) * np.log(half / share))
    assert found.psi == pytest.approx(psi, rel=0.02)


def test_a_drift_ends_only_when_it_is_clearly_over() -> None:
    reference = score_reference(lognormal(500, 0))
    found = [compare(lognormal(500, 7, shift), reference, 0.25) for shift in (0.0, 1.5)]
    assert [(one.is_there, one.is_over) for one in found] == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("psi", "ks", "is_what"),
    [
        (0.3, 0.2, "there"),
        (0.3, 0.07, "over"),
        (0.1, 0.2, "over"),
        (0.24, 0.2, "neither"),
        (0.3, 0.09, "neither"),
    ],
)
def test_a_drift_needs_both_figures_and_ends_with_either(psi: float, ks: float, is_what: str) -> None:
    found = Drift(psi, 0.25, ks, 0.1, higher=True)
    assert (found.is_there, found.is_over) == (is_what == "there", is_what == "over")


def test_quantiles_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        ScoreReference(quantiles=(1, 2, 3, 2, 5), samples=9)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (Light(88, 40, 200, 9), "the pictures are 12% darker (check lamp and exposure, clean the lens)"),
        (Light(110, 40, 200, 9), "the pictures are 10% brighter"),
        (Light(101, 39, 90, 9), "55% less sharp (check the focus"),
        (Light(101, 25, 210, 9), "38% flatter (clean the lens)"),
        (Light(70, 28, 100, 9), "30% darker (check lamp and exposure, clean the lens); 30% flatter"),
        (Light(103, 42, 190, 9), "new material"),
        (None, "is not known"),
    ],
)
def test_the_cause_is_what_the_pictures_say(now: Light | None, told: str) -> None:
    assert told in what_else_changed(THEN, now)


@pytest.mark.parametrize("values", [2, 3, 7, 15])
def test_scores_of_few_values_are_no_drift_by_chance(values: int) -> None:
    """An integer model gives few different scores; each is an atom of the distribution."""
    alarms = 0
    for seed in range(200):
        drawn = np.random.default_rng(seed).integers(0, values, 700) / 256
        alarms += compare(drawn[200:].tolist(), score_reference(drawn[:200].tolist()), 0.25).is_there
    assert alarms <= 1
