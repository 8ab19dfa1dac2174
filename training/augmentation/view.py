"""A picture with what is known of it, on its way through a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import read_picture
from training.dataset import Photographs

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.dataset import Box, Sample


@dataclass(frozen=True, slots=True)
class View:
    """A sample, or an altered copy of it.

    pixels: H×W×3 uint8 RGB, 0–255.
    boxes: in pixels of this picture.
    mask: H×W uint8, 255 where the defect is; None = none drawn.
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False, compare=False)
    label: str
    boxes: tuple[Box, ...] = ()
    mask: npt.NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)


def view_of(sample: Sample) -> View:
    """A sample as it is.

    Raises:
        BadInputError: its picture cannot be read, or its mask has another size.
    """
    pixels = Photographs([sample])[0]
    mask = None
    if sample.mask is not None:
        mask = cv2.cvtColor(read_picture(sample.mask), cv2.COLOR_RGB2GRAY)
        if mask.shape != pixels.shape[:2]:
            raise BadInputError(
                f"wanted a mask of {pixels.shape[1]}×{pixels.shape[0]} px for {sample.path}, found {sample.mask} of "
                f"{mask.shape[1]}×{mask.shape[0]}; draw it on this picture"
            )
        mask = np.where(mask > 0, np.uint8(255), np.uint8(0))
    return View(pixels, sample.label, sample.boxes, mask)
