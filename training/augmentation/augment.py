"""One altered copy of a sample: defect, pose, light, lens and sensor, in the order in which they happen to a part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.augmentation.blur import softened
from training.augmentation.cut_paste import with_defect
from training.augmentation.geometry import moved
from training.augmentation.light import relit
from training.augmentation.noise import noisy
from training.augmentation.sound import reheard

if TYPE_CHECKING:
    from training.augmentation.recipe import Recipe
    from training.augmentation.view import View
    from training.dataset.sounds import Waveform


def draws(seed: int, sample: int, copy: int) -> np.random.Generator:
    """The randomness of one copy: it depends on nothing but these, so copies may be made in any order."""
    return np.random.default_rng([seed, sample, copy])


def augment_picture(view: View, recipe: Recipe, random: np.random.Generator) -> View:
    """An altered copy of a picture.

    Args:
        view: the picture as it is.
        recipe: what may change.
        random: as from `draws`.
    """
    view = moved(with_defect(view, recipe.cut_paste, random), recipe.geometry, random)
    pixels = relit(view.pixels, recipe.light, random)
    pixels = softened(pixels, recipe.blur, random)
    return replace(view, pixels=noisy(pixels, recipe.noise, random))


def augment_sound(waveform: Waveform, recipe: Recipe, random: np.random.Generator) -> Waveform:
    """An altered copy of a sound, by the recipe's table for sounds."""
    return reheard(waveform, recipe.sound, random)
