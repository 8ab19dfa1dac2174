"""Many pictures on one sheet, as a photographer lays them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GAP_PX = 6
PAPER = 24  # grey level of the sheet


def contact_sheet(images: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Lay pictures of one size (H×W×3 uint8 RGB) row by row with a gap around each; empty places stay dark.

    Raises:
        BadInputError: There is no picture, no column, or the sizes differ.
    """
    shapes = {image.shape for image in images}
    if len(shapes) != 1 or columns < 1:
        found = f"{len(images)} pictures of {len(shapes)} sizes in {columns} columns"
        raise BadInputError(f"wanted pictures of one size and at least one column; found {found}: resize them first")
    height, width, channels = shapes.pop()
    rows = -(-len(images) // columns)
    size = (rows * (height + GAP_PX) + GAP_PX, min(columns, len(images)) * (width + GAP_PX) + GAP_PX, channels)
    sheet = np.full(size, PAPER, np.uint8)
    for place, image in enumerate(images):
        top, left = (
            GAP_PX + index * (size_px + GAP_PX)
            for index, size_px in zip(divmod(place, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = image
    return sheet
