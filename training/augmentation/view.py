"""A picture with what is known of it, on its way through a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput
from training.dataset import Box, Photographs
from training.dataset.drawn import defect_boxes, defect_mask
from training.dataset.input_size import resized

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.dataset import Sample


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


def at_size(view: View, height_px: int, width_px: int) -> View:
    """The view as a model sees it whose input is so large; its boxes and mask go along."""
    height, width = view.pixels.shape[:2]
    size = ImageInput(tensor="input", height_px=height_px, width_px=width_px, dtype="float32")
    across, down = width_px / width, height_px / height
    boxes = (
        Box(one.x_px * across, one.y_px * down, one.width_px * across, one.height_px * down, one.label)
        for one in view.boxes
    )
    mask = view.mask
    if mask is not None:
        mask = np.asarray(cv2.resize(mask, (width_px, height_px), interpolation=cv2.INTER_NEAREST), np.uint8)
    return View(resized(view.pixels, size), view.label, tuple(boxes), mask)


def _mask(sample: Sample, shape: tuple[int, ...]) -> npt.NDArray[np.uint8] | None:
    drawn = defect_mask(sample)
    if drawn is None:
        return None
    if drawn.shape != shape[:2]:
        raise BadInputError(
            f"wanted a mask of {shape[1]}×{shape[0]} px for {sample.path}, found {sample.masks[0]} of "
            f"{drawn.shape[1]}×{drawn.shape[0]}; draw it on this picture"
        )
    return np.asarray(np.where(drawn, 255, 0), np.uint8)
