"""Drawn pictures: the same by their number, never two alike, worth learning from."""

import hashlib

import numpy as np
import pytest

from training.backbone.drawing import drawn_picture
from training.backbone.drawing.textures import KINDS

SIDE_PX = 64


def digest(pixels):
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def test_a_picture_is_the_same_whoever_draws_it_and_in_which_order():
    forwards = [digest(drawn_picture(7, number, SIDE_PX)) for number in range(20)]
    backwards = [digest(drawn_picture(7, number, SIDE_PX)) for number in reversed(range(20))]
    assert forwards == backwards[::-1]


def test_no_two_pictures_are_alike_and_another_seed_draws_others():
    drawn = {digest(drawn_picture(seed, number, SIDE_PX)) for seed in (1, 2) for number in range(40)}
    assert len(drawn) == 80


def test_most_pictures_show_something():
    spreads = [drawn_picture(3, number, SIDE_PX).std() for number in range(60)]
    assert np.median(spreads) > 15
    assert drawn_picture(3, 0, SIDE_PX).shape == (SIDE_PX, SIDE_PX, 3)
    assert drawn_picture(3, 0, SIDE_PX).dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_texture_uses_its_range_and_stays_in_it(kind):
    fields = [kind(np.random.default_rng(seed), SIDE_PX) for seed in range(6)]
    assert all(field.shape == (SIDE_PX, SIDE_PX) and field.dtype == np.float32 for field in fields)
    assert all(field.min() >= 0 and field.max() <= 1 + 1e-6 for field in fields)
    assert max(float(field.max() - field.min()) for field in fields) > 0.5
