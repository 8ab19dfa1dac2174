"""What people drew on a sample, where a detector sees it.

A picture that a station kept is cut to the region that its model saw, and what was drawn on the whole picture moves
with the cut. A box that says of itself that it is good holds no defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.calibration.recorded_frames import seen_region
from converters.calibration.samples import GOOD_LABELS
from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.inspection.region import cut, rectangle
from training.dataset.sample import Box
from training.dataset.upright_size import upright_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from training.dataset.sample import Sample


def defect_boxes(sample: Sample) -> tuple[Box, ...]:
    """The boxes around defects in pixels of the picture as `Photographs` gives it, each with its class.

    What lies outside of the region is left out. Of a kept picture with boxes the header is read.

    Raises:
        BadInputError: a kept picture that is none.
    """
    named = [Box(one.x_px, one.y_px, one.width_px, one.height_px, one.label or sample.label) for one in sample.boxes]
    defects = tuple(one for one in named if one.label.lower() not in GOOD_LABELS)
    region = seen_region(sample.path) if defects else None
    if region is None:
        return defects
    width_px, height_px = upright_size(sample.path)
    return tuple(_moved(defects, *rectangle(region, height_px, width_px)))


def defect_mask(sample: Sample) -> npt.NDArray[np.bool_] | None:
    """H×W, where its defects are; of a kept picture the region. None where no mask was drawn.

    Raises:
        BadInputError: a mask is no picture, or of another size than the first.
    """
    if not sample.masks:
        return None
    first, *more = (_marked(one) for one in sample.masks)
    for path, one in zip(sample.masks[1:], more, strict=True):
        if one.shape != first.shape:
            raise BadInputError(
                f"wanted masks of one size for {sample.path}, found {path} of {one.shape[1]}×{one.shape[0]} px beside "
                f"{first.shape[1]}×{first.shape[0]}; draw them on this picture"
            )
        first |= one
    region = seen_region(sample.path)
    return np.asarray((first if region is None else cut(first, region)) > 0)


def _marked(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return np.asarray(read_picture(path).max(axis=2) > 0, np.uint8)
    except BadInputError as error:
        raise BadInputError(f"wanted a mask in {path}, found that it cannot be read: {error}") from error


def _moved(boxes: tuple[Box, ...], rows: slice, columns: slice) -> Iterator[Box]:
    for one in boxes:
        left, top = max(one.x_px, columns.start), max(one.y_px, rows.start)
        right, bottom = min(one.x_px + one.width_px, columns.stop), min(one.y_px + one.height_px, rows.stop)
        if left < right and top < bottom:
            yield Box(left - columns.start, top - rows.start, right - left, bottom - top, one.label)
