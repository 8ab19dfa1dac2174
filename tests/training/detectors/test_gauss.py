from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.detectors.gauss import RIDGE_OF_MEAN_VARIANCE, fit_gauss
from training.detectors.normality import heat_map, score, top_count


def _features(samples: int = 40, channels: int = 6, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(channels, channels))
    return (random.normal(size=(samples, 5, 4, channels)) @ mixing + 3).astype(np.float32)


def test_whitened_length_is_the_mahalanobis_distance() -> None:
    features = _features()
    gauss = fit_gauss(features, components=6)
    probe = _features(1, seed=9)[0]
    row, column, kept = 2, 1, 6

    seen = (features[:, row, column] - gauss.centre) @ gauss.projection
    every = (features - gauss.centre) @ gauss.projection
    pooled = np.mean([np.cov(every[:, r, c], rowvar=False) for r in range(5) for c in range(4)], axis=0)
    share = kept / (kept + len(features))
    covariance = (1 - share) * np.cov(seen, rowvar=False) + share * pooled
    covariance += RIDGE_OF_MEAN_VARIANCE * np.trace(covariance) / kept * np.eye(kept)
    offset = (probe[row, column] - gauss.centre) @ gauss.projection - seen.mean(axis=0)
    wanted = offset @ np.linalg.inv(covariance) @ offset / kept

    found = np.square(gauss.whitening[row, column] @ offset).sum()
    assert found == pytest.approx(wanted, rel=1e-3)


def test_an_average_good_place_has_the_distance_one() -> None:
    features = _features(samples=2000)
    gauss = fit_gauss(features, components=6)
    assert np.mean([heat_map(gauss, one).mean() for one in features[:200]]) == pytest.approx(1.0, abs=0.05)


def test_the_map_points_at_the_strange_place() -> None:
    gauss = fit_gauss(_features(), components=6)
    probe = np.full((5, 4, 6), gauss.centre, np.float32)
    probe[3, 2] += 40
    places = heat_map(gauss, probe)
    # Smoothing shares the strange place out over its neighbours.
    assert places[3, 2] > 10 * places[0, 0]
    assert score(gauss, probe) == pytest.approx(places.max(), rel=1e-6)


def test_one_percent_of_the_places_is_at_least_one() -> None:
    assert [top_count(places) for places in (20, 100, 101, 196, 588)] == [1, 1, 2, 2, 6]


def test_parameters_are_single_precision() -> None:
    gauss = fit_gauss(_features())
    assert {one.dtype for one in (gauss.centre, gauss.projection, gauss.mean, gauss.whitening)} == {np.dtype("f4")}


@pytest.mark.parametrize(
    "features",
    [
        np.ones((10, 3, 3, 4), np.float32),
        np.tile(_features(1), (10, 1, 1, 1)),
        _features(1),
        np.full((10, 3, 3, 4), np.nan, np.float32),
    ],
    ids=["flat", "same-picture", "one-part", "not-finite"],
)
def test_features_that_cannot_be_learned_from_are_refused(features: np.ndarray) -> None:
    with pytest.raises(BadInputError):
        fit_gauss(features)


def test_a_single_place_learned_from_few_does_not_take_new_ones_for_strange() -> None:
    features = np.random.default_rng(0).normal(size=(60, 1, 1, 40)).astype(np.float32)
    gauss = fit_gauss(features[:30])
    learned, new = (np.median([score(gauss, one) for one in some]) for some in (features[:30], features[30:]))
    assert new < 3 * learned
