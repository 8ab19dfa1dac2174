"""Copies of good parts, so that a part that lies a little aside or brighter does not read as a defect.

Without a recipe a fixed set of six per picture where there are few, not a random one: the same pictures give the same
copies. With one, six of every picture as the recipe and the seed say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError
from training.augmentation.augment import augment_picture, draws
from training.augmentation.view import View
from training.dataset.sample import GOOD

if TYPE_CHECKING:
    from training.augmentation.recipe import Recipe

ENOUGH_PARTS = 50
SHIFT_PX = 4
# (right, down, brightness): a quarter of a feature cell aside, a tenth brighter or darker.
COPIES = (
    (SHIFT_PX, 0, 1.1),
    (-SHIFT_PX, 0, 0.9),
    (0, SHIFT_PX, 0.9),
    (0, -SHIFT_PX, 1.1),
    (SHIFT_PX, SHIFT_PX, 1.0),
    (-SHIFT_PX, -SHIFT_PX, 1.0),
)


@dataclass(frozen=True, slots=True)
class Copies:
    """What is learned beside each photograph.

    count: of each photograph; 0 or six.
    recipe: what may change in them; None for the shifted ones.
    seed: of what the recipe leaves open.
    """

    count: int
    recipe: Recipe | None = None
    seed: int = 0

    def of(self, frame: npt.NDArray[np.uint8], place: int) -> list[npt.NDArray[np.uint8]]:
        """The copies of an H×W×3 uint8 picture, which is the `place`-th."""
        if self.recipe is None:
            return shifted_copies(frame)[: self.count]
        good = View(frame, GOOD)
        return [augment_picture(good, self.recipe, draws(self.seed, place, copy)).pixels for copy in range(self.count)]


def copies_for(photographs: int, recipe: Recipe | None, seed: int) -> Copies:
    """As a recipe says, or shifted ones where photographs are few.

    Raises:
        BadInputError: a recipe that makes defects.
    """
    if recipe is not None and recipe.cut_paste.chance:
        raise BadInputError(
            f"wanted a recipe that leaves good parts good, found cut_paste.chance = {recipe.cut_paste.chance:g}; leave "
            "the table [cut_paste] out"
        )
    few = photographs < ENOUGH_PARTS
    return Copies(len(COPIES) if few or recipe is not None else 0, recipe, seed)


def shifted_copies(frame: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """Six copies of an H×W×3 uint8 picture, shifted by 4 px (edges mirrored) and up to 10 % brighter or darker."""
    return [_copy(frame, right, down, gain) for right, down, gain in COPIES]


def _copy(frame: npt.NDArray[np.uint8], right: int, down: int, gain: float) -> npt.NDArray[np.uint8]:
    height, width, _ = frame.shape
    padded = np.pad(frame, ((SHIFT_PX, SHIFT_PX), (SHIFT_PX, SHIFT_PX), (0, 0)), mode="reflect")
    top, left = SHIFT_PX - down, SHIFT_PX - right
    moved = padded[top : top + height, left : left + width]
    return np.asarray(np.clip(np.rint(moved * np.float32(gain)), 0, 255), np.uint8)
