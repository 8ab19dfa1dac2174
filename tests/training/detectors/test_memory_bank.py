from __future__ import annotations

import numpy as np

from training.detectors.memory_bank import FLOOR, REMEMBERED, fit_memory_bank, k_centre


def test_the_rare_place_is_remembered_beside_a_thousand_common_ones() -> None:
    random = np.random.default_rng(0)
    places = random.normal(scale=0.01, size=(1000, 2)).astype(np.float32)
    places[637] = (5, 5)
    assert 637 in k_centre(places, 2)


def test_every_place_lies_near_a_remembered_one() -> None:
    places = np.random.default_rng(0).uniform(size=(2000, 2)).astype(np.float32)
    kept = places[k_centre(places, 100)]
    farthest = max(np.square(kept - one).sum(axis=1).min() for one in places)
    # Discs around 100 centres cannot cover the unit square with less than 1 / (100 π) of squared radius each; the
    # greedy choice is within a factor of two of the best radius.
    assert farthest <= 4 * 1.5 / (100 * np.pi)


def test_repetitions_are_not_remembered() -> None:
    assert len(k_centre(np.ones((50, 3), np.float32), 10)) == 1


def test_what_was_seen_is_near_and_a_thousand_places_are_enough() -> None:
    few = np.random.default_rng(0).normal(size=(5, 4, 4, 6)).astype(np.float32)
    bank = fit_memory_bank(few, np.random.default_rng(0))
    assert bank.known.shape == (80, 6)
    np.testing.assert_allclose(bank.distances(few[0]), FLOOR, atol=1e-5)
    many = np.random.default_rng(0).normal(size=(100, 6, 6, 6)).astype(np.float32)
    assert len(fit_memory_bank(many, np.random.default_rng(0)).known) == REMEMBERED
