"""What every detector promises, whatever it remembers of good parts."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.detectors.kinds import detector_kinds, sound_kinds
from training.detectors.normality import heat_map, score

PLACES = sorted(detector_kinds())
KINDS = detector_kinds() | {f"whole {name}": fit for name, fit in sound_kinds().items()}


def _features(samples: int = 30, seed: int = 0) -> np.ndarray:
    """Smooth maps, 6×5×8: neighbours resemble each other, as on photographs."""
    random = np.random.default_rng(seed)
    coarse = random.normal(size=(samples, 3, 3, 8)) @ np.random.default_rng(99).normal(size=(8, 8))
    fine = coarse.repeat(2, axis=1).repeat(2, axis=2)[:, :, :5]
    return (fine + random.normal(scale=0.1, size=fine.shape) + 3).astype(np.float32)


@pytest.mark.parametrize("kind", PLACES)
def test_a_strange_place_is_found_where_it_is(kind: str) -> None:
    normality = KINDS[kind](_features(), np.random.default_rng(0))
    probe = _features(1, seed=9)[0]
    usual = score(normality, probe)
    probe[4, 2] += 15
    places = heat_map(normality, probe)
    assert score(normality, probe) > 5 * usual
    assert (
        max(
            abs(at - wanted) for at, wanted in zip(np.unravel_index(places.argmax(), places.shape), (4, 2), strict=True)
        )
        <= 1
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_learns_the_same(kind: str) -> None:
    features, probe = _features(300), _features(1, seed=9)[0]
    found = [score(KINDS[kind](features, np.random.default_rng(5)), probe) for _ in range(2)]
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "features",
    [np.ones((10, 3, 3, 4)), np.tile(_features(1), (10, 1, 1, 1)), _features(1), np.full((10, 3, 3, 4), np.nan)],
    ids=["flat", "same-picture", "one-part", "not-finite"],
)
def test_features_that_say_nothing_are_refused(kind: str, features: np.ndarray) -> None:
    with pytest.raises(BadInputError):
        KINDS[kind](features.astype(np.float32), np.random.default_rng(0))


@pytest.mark.parametrize("kind", KINDS)
def test_distances_are_single_precision_and_never_negative(kind: str) -> None:
    features = _features()
    normality = KINDS[kind](features, np.random.default_rng(0))
    for one in features:
        distances = normality.distances(one)
        assert distances.dtype == np.float32
        assert distances.shape == ((1, 1) if kind.startswith("whole") else (6, 5))
        assert distances.min() >= 0
