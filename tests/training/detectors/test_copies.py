from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.augmentation.recipe import CutPaste, Geometry, Light, Recipe
from training.detectors.copies import SHIFT_PX, copies_for, shifted_copies


def test_copies_are_shifted_and_brightened() -> None:
    frame = np.zeros((40, 40, 3), np.uint8)
    frame[20, 20] = 100
    peaks = [np.argwhere(copy[..., 0] > 0)[0].tolist() for copy in shifted_copies(frame)]
    values = [int(copy.max()) for copy in shifted_copies(frame)]
    step = SHIFT_PX
    offsets = [[0, step], [0, -step], [step, 0], [-step, 0], [step, step], [-step, -step]]
    assert peaks == [[20 + down, 20 + right] for down, right in offsets]
    assert values == [110, 90, 90, 110, 100, 100]


def test_bright_pixels_saturate_instead_of_wrapping() -> None:
    copies = shifted_copies(np.full((32, 32, 3), 250, np.uint8))
    assert max(int(copy.max()) for copy in copies) == 255
    assert min(int(copy.min()) for copy in copies) == 225


def test_without_a_recipe_only_few_photographs_are_copied() -> None:
    assert [copies_for(count, None, 0).count for count in (49, 50)] == [6, 0]


def test_a_recipe_copies_every_photograph_in_its_own_way_and_the_same_way_again() -> None:
    recipe = Recipe(geometry=Geometry(shift=0.1), light=Light(brightness=0.2))
    frame = np.random.default_rng(0).integers(50, 200, (64, 64, 3), np.uint8)
    copies = copies_for(500, recipe, seed=3)
    first, again, other = (np.stack(copies.of(frame, place)) for place in (0, 0, 1))
    assert len(first) == copies.count == 6
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, np.stack(copies_for(500, recipe, seed=4).of(frame, 0)))


def test_a_recipe_that_makes_defects_is_refused_where_good_parts_are_learned() -> None:
    with pytest.raises(BadInputError, match=r"leave the table \[cut_paste\] out"):
        copies_for(20, Recipe(cut_paste=CutPaste(chance=0.5)), 0)
