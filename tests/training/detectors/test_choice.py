from __future__ import annotations

import numpy as np
import pytest

from training.detectors.choice import Trial, preferred, separation
from training.detectors.gauss import fit_gauss


def _parts(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(24, 1, 4, 4, 5)).astype(np.float32)


def _shifted(parts: np.ndarray, by: float) -> np.ndarray:
    moved = parts.copy()
    moved[:, :, 1, 1] += by
    return moved


def test_a_fault_that_stands_out_more_separates_more() -> None:
    parts, groups = _parts(), [str(number) for number in range(24)]
    found = [separation(parts, _shifted(parts, by), groups, 0, fit_gauss) for by in (0.0, 1.0, 3.0, 10.0)]
    assert found[0] == pytest.approx(0.0)
    assert found == sorted(found)
    assert found[3] > 3


def test_a_power_of_the_scores_separates_as_they_do() -> None:
    """Detectors measure squared distances, plain ones or likelihoods: that alone must not decide."""

    class Rooted:
        def __init__(self, features: np.ndarray) -> None:
            self._gauss = fit_gauss(features)

        def distances(self, features: np.ndarray) -> np.ndarray:
            return np.full((1, 1), np.sqrt(self._gauss.distances(features).max()))

    class Plain(Rooted):
        def distances(self, features: np.ndarray) -> np.ndarray:
            return np.square(super().distances(features))

    parts, groups = _parts(), [str(number) for number in range(24)]
    found = [
        separation(parts, _shifted(parts, 3), groups, 0, lambda features, _, kind=kind: kind(features))
        for kind in (Rooted, Plain)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-4)


@pytest.mark.parametrize(
    ("separations", "wanted"),
    [((1.0, 1.2, 0.4), 0), ((1.0, 1.3, 1.4), 2), ((-0.4, -0.35, -0.2), 2), ((0.0, 0.0), 0)],
)
def test_the_usual_one_is_left_only_for_one_that_is_clearly_better(separations: tuple[float, ...], wanted: int) -> None:
    trials = [Trial(f"kind-{place}", 16, one) for place, one in enumerate(separations)]
    assert preferred(trials) is trials[wanted]


@pytest.mark.parametrize(("fine", "wanted"), [(1.4, 0), (1.6, 2)])
def test_the_usual_layer_is_left_only_for_one_that_is_better_by_half(fine: float, wanted: int) -> None:
    trials = [Trial("gauss", 16, 1.0), Trial("memory", 16, 1.1), Trial("gauss", 8, fine)]
    assert preferred(trials) is trials[wanted]


@pytest.mark.parametrize(("fine", "wanted"), [(5.0, 0), (7.0, 2)])
def test_where_every_fault_is_noticed_the_kind_stays_on_the_finest_layer_that_notices_them_too(
    fine: float, wanted: int
) -> None:
    """Parts so alike tell kinds apart no more; a memory that raises strong faults further misses faint ones."""
    trials = [Trial("gauss", 16, 10.0), Trial("memory", 16, 17.0), Trial("gauss", 8, fine), Trial("memory", 8, 30.0)]
    assert preferred(trials) is trials[wanted]
