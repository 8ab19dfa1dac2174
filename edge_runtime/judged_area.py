"""What the models of a camera judge of its pictures, so that light and focus are measured there and nowhere else.

A picture that is bright on the whole may be black where one model looks, and what a mask takes away may be lit as it
likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_runtime.inspection.masking import Masking
from edge_runtime.inspection.region import cut, rectangle
from edge_runtime.picture_health import AreaGrey, reduced_grey

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Mask, Point, Region


class JudgedArea:
    """The region of a model without what is masked.

    Args:
        region: the rectangle.
        mask: of the whole picture, None where everything in the rectangle counts.
        model: whose it is, empty where the point has one model only.

    Raises:
        MaskRefused: the mask cannot be read.
    """

    def __init__(self, region: Region, mask: Mask | None = None, model: str = "") -> None:
        self.region = region
        self.mask = mask
        self.where = f" where {model!r} looks" if model else ""
        self._masking = Masking(mask) if mask is not None else None
        self._size_px = (0, 0)
        self._rows, self._columns = slice(0), slice(0)
        self._plane = np.empty((0, 0), np.uint8)

    def grey(self, picture: npt.NDArray[np.uint8]) -> AreaGrey:
        """Every n-th pixel of the area, as `reduced_grey` takes them of a whole picture.

        Args:
            picture: H×W×3 uint8 RGB, 0–255, as the camera gave it.

        Raises:
            MaskRefused: the mask does not fit the picture, or leaves nothing of the region.
        """
        if self._masking is None:
            return AreaGrey(reduced_grey(cut(picture, self.region)), None)
        height_px, width_px = picture.shape[:2]
        if self._size_px != (height_px, width_px):
            self._fit(self._masking, height_px, width_px)
        seen = picture[self._rows, self._columns]
        grey = reduced_grey(seen)
        height, width = grey.shape
        counts = np.asarray(cv2.resize(self._plane, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
        if not counts[
            1:-1, 1:-1
        ].any():  # thinner than the distance of the pixels that are looked at, or all at the edge
            return AreaGrey(reduced_grey(seen, side_px=max(seen.shape)), self._plane)
        return AreaGrey(grey, counts)

    def _fit(self, masking: Masking, height_px: int, width_px: int) -> None:
        """The rectangle shrinks around what counts, so that little is looked at closely."""
        plane = np.asarray(masking.within(self.region, height_px, width_px), np.uint8)
        x, y, wide, tall = cv2.boundingRect(plane)
        rows, columns = rectangle(self.region, height_px, width_px)
        self._rows = slice(rows.start + y, rows.start + y + tall)
        self._columns = slice(columns.start + x, columns.start + x + wide)
        self._plane = np.ascontiguousarray(plane[y : y + tall, x : x + wide])
        self._size_px = (height_px, width_px)


def areas_of(point: Point) -> tuple[JudgedArea, ...]:
    """What is judged of the pictures that a point's own source gives: each area once, the first model's first.

    Raises:
        MaskRefused: a mask cannot be read.
    """
    names = [model.name for model in point.models] or [""]
    views = [(view, name) for view, name in zip(point.views, names, strict=True) if view.source == point.source]
    areas: list[JudgedArea] = []
    for view, name in views:
        if all((area.region, area.mask) != (view.region, view.mask) for area in areas):
            areas.append(JudgedArea(view.region, view.mask, name))
    return tuple(areas)
