import numpy as np
import pytest

from training.robustness.corruptions import CORRUPTIONS

PICTURE = np.random.default_rng(0).integers(40, 200, (240, 320, 3)).astype(np.uint8)
PICTURE[60:150, 100:250] = (180, 60, 40)


def spoiled(one, strength, seed=0):
    return one.spoil(PICTURE, strength, np.random.default_rng(seed))


def distance(one, strength):
    return float(np.abs(spoiled(one, strength).astype(float) - PICTURE).mean())


@pytest.mark.parametrize("one", CORRUPTIONS, ids=lambda one: one.name)
def test_each_strength_spoils_more_than_the_one_before(one):
    distances = [distance(one, strength) for strength in one.strengths]
    assert distances == sorted(distances)
    assert 0 < distances[0] < distances[-1]


@pytest.mark.parametrize("one", CORRUPTIONS, ids=lambda one: one.name)
def test_a_spoiled_picture_is_a_picture_of_the_same_size(one):
    for strength in one.strengths:
        assert spoiled(one, strength).shape == PICTURE.shape
        assert spoiled(one, strength).dtype == np.uint8


@pytest.mark.parametrize("one", CORRUPTIONS, ids=lambda one: one.name)
def test_the_same_seed_spoils_alike(one):
    assert np.array_equal(spoiled(one, one.strengths[2], 7), spoiled(one, one.strengths[2], 7))
