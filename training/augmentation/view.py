"""A picture with what is known of it, on its way through a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from training.dataset import Photographs
from training.dataset.drawn import defect_boxes, defect_mask

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
    return View(pixels, sample.label, defect_boxes(sample), _mask(sample, pixels.shape))


def _mask(sample: Sample, shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    drawn = defect_mask(sample)
    if drawn is None:
        return None
    if drawn.shape != shape[:2]:
        raise BadInputError(
            f"wanted a mask of {shape[1]}×{shape[0]} px for {sample.path}, found {sample.mask} of "
            f"{drawn.shape[1]}×{drawn.shape[0]}; draw it on this picture"
        )
    return np.asarray(np.where(drawn, 255, 0), np.uint8)
