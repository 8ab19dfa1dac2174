"""What people drew on a sample, where a detector sees it.

A picture that a station kept is cut to the region that its model saw, and what was drawn on the whole picture moves
with the cut. A box that says of itself that it is good holds no defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from converters.calibration.recorded_frames import seen_region
from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.inspection.region import cut, rectangle
from training.dataset.drawn_boxes import within
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
    defects = tuple(one for one in named if not one.is_good)
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


def require_fitting(sample: Sample) -> None:
    """Refuse what was drawn on another picture than this one, or against its label. Reads its header and its masks.

    Raises:
        BadInputError: a box outside of the picture; a mask that is no picture, or of another size; masks that are all
            black for a defect, or one that is not for a good part.
    """
    if not (sample.boxes or sample.masks):
        return
    width_px, height_px = upright_size(sample.path)
    try:
        for box in sample.boxes:
            within(box, width_px, height_px)
    except BadInputError as error:
        raise BadInputError(f"{error} ({sample.path})") from error
    marking = [path for path in sample.masks if _fitting(path, sample, (height_px, width_px)).any()]
    if sample.is_good and marking:
        raise BadInputError(
            f"wanted black masks for {sample.path}, labelled {sample.label!r}, found a defect marked in {marking[0]}; "
            "mend the label or the mask"
        )
    if sample.masks and not sample.is_good and not marking:
        raise BadInputError(
            f"wanted the defect of {sample.path} marked in its mask, found {sample.masks[0]} black; draw it, or leave "
            "the mask away"
        )


def _fitting(path: Path, sample: Sample, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    marked = _marked(path)
    if marked.shape != shape:
        raise BadInputError(
            f"wanted a mask of {shape[1]}×{shape[0]} px for {sample.path}, found {path} of {marked.shape[1]}×"
            f"{marked.shape[0]}; draw it on this picture"
        )
    return marked


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
