"""Views as a recipe of augmentation has them: those that `lepton data preview --input-size` shows.

A picture's view in a round is its copy of that number (`training/augmentation/augment.py`), so it depends on the seed,
the picture and the round alone, and nothing need be remembered to go on after a stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from training.augmentation.augment import augment_picture
from training.augmentation.view import View
from training.dataset.sample import GOOD, Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import Recipe

    Pixels = npt.NDArray[np.uint8]

_BOX = 5


@dataclass(frozen=True, slots=True)
class Alteration:
    """What is done to the pictures of a lesson.

    recipe: what may change in them.
    labels: of the network's outputs, in order; a defect that the recipe makes must be one of them.
    """

    recipe: Recipe
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        made = self.recipe.cut_paste
        if made.chance and made.label not in self.labels:
            raise BadInputError(
                f"wanted made defects of a class that is learned ({', '.join(self.labels)}), found cut_paste.label = "
                f"{made.label!r}; name one of them, or leave the table [cut_paste] out"
            )

    def seen(
        self, picture: Pixels, wanted: npt.NDArray[Any], random: np.random.Generator
    ) -> tuple[Pixels, npt.NDArray[Any]]:
        """A view of a picture, and what is wanted for it.

        Args:
            picture: H×W×C uint8, C being 3 (RGB) or 1 (grey).
            wanted: its row of `Lesson.wanted`.
            random: as from `training.augmentation.augment.draws`.
        """
        is_grey = picture.shape[2] == 1
        coloured = np.repeat(picture, 3, axis=2) if is_grey else picture
        view = augment_picture(self._view(coloured, wanted), self.recipe, random)
        pixels = cv2.cvtColor(view.pixels, cv2.COLOR_RGB2GRAY)[..., None] if is_grey else view.pixels
        return np.asarray(pixels, np.uint8), self._wanted(view, wanted)

    def _view(self, pixels: Pixels, wanted: npt.NDArray[Any]) -> View:
        if wanted.ndim == 0:
            return View(pixels, self.labels[int(wanted)])
        if wanted.shape == pixels.shape[:2]:
            return View(pixels, self.labels[int(wanted.max())] if wanted.any() else GOOD, mask=wanted)
        boxes = tuple(
            Box(float(x1), float(y1), float(x2 - x1), float(y2 - y1), self.labels[int(label)])
            for label, x1, y1, x2, y2 in wanted
            if label >= 0
        )
        return View(pixels, boxes[0].label if boxes else GOOD, boxes)

    def _wanted(self, view: View, before: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if before.ndim == 0:
            return np.array(self.labels.index(view.label), before.dtype)
        if before.shape == view.pixels.shape[:2]:
            mask = before if view.mask is None else view.mask
            # A made defect is 255 in a picture that had none.
            return mask if before.any() else np.where(mask > 0, self.labels.index(view.label), 0).astype(before.dtype)
        rows = np.full((len(before), _BOX), -1, np.float32)
        for place, one in enumerate(view.boxes):
            far = (one.x_px + one.width_px, one.y_px + one.height_px)
            rows[place] = (self.labels.index(one.label), one.x_px, one.y_px, *far)
        return rows
