from __future__ import annotations

import numpy as np

from training.detectors.crossvalidation import held_out_scores
from training.detectors.gauss import fit_gauss
from training.detectors.normality import score


def _features(parts: int = 12, views: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(parts, views, 4, 4, 5)).astype(np.float32)


def test_each_part_is_scored_by_a_model_that_has_not_seen_its_group() -> None:
    features = _features()
    groups = [f"group-{number // 2}" for number in range(12)]
    scores, folds = held_out_scores(features, groups, seed=3)
    for number in range(12):
        known = features[folds != folds[number]]
        gauss = fit_gauss(known.reshape(-1, 4, 4, 5))
        assert scores[number] == score(gauss, features[number, 0])
        assert folds[number] == folds[number ^ 1]


def test_the_seed_decides_the_folds() -> None:
    features, groups = _features(), [str(number) for number in range(12)]
    first, again = held_out_scores(features, groups, 1), held_out_scores(features, groups, 1)
    np.testing.assert_array_equal(first[0], again[0])
    assert not np.array_equal(first[1], held_out_scores(features, groups, 2)[1])


def test_two_groups_are_enough() -> None:
    scores, folds = held_out_scores(_features(), ["a"] * 6 + ["b"] * 6, seed=0)
    assert (scores > 0).all()
    assert set(folds.tolist()) == {0, 1}
