from __future__ import annotations

import numpy as np
import pytest

from training.detectors.student import fit_student


def _waves(samples: int, seed: int = 0) -> np.ndarray:
    """Maps whose every place follows from its neighbours: one plane wave per channel, any phase."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:8, :8]
    phases = random.uniform(0, 2 * np.pi, (samples, 1, 1, 3))
    waves = np.sin(phases + 0.9 * rows[..., None] + np.array([0.3, 0.5, 0.8]) * columns[..., None])
    return (waves + random.normal(scale=0.01, size=waves.shape)).astype(np.float32)


def test_an_average_good_place_has_the_distance_one() -> None:
    student = fit_student(_waves(200), np.random.default_rng(0))
    assert np.mean([student.distances(one).mean() for one in _waves(50, seed=1)]) == pytest.approx(1.0, abs=0.15)


def test_what_is_common_but_does_not_follow_from_its_surroundings_is_strange() -> None:
    student = fit_student(_waves(200), np.random.default_rng(0))
    probe = _waves(1, seed=2)[0]
    other = np.roll(probe, 4, axis=1)
    probe[4, 4] = other[4, 4] * -1
    assert student.distances(probe)[4, 4] > 10


def test_the_places_that_are_drawn_hardly_matter() -> None:
    features, probe = _waves(400), _waves(1, seed=2)[0]
    one, other = (fit_student(features, np.random.default_rng(seed)).distances(probe) for seed in (0, 1))
    np.testing.assert_allclose(one, other, rtol=0.2, atol=0.05)
