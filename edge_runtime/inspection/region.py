"""A rectangle of a picture, from fractions to pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import Region


def rectangle(region: Region, height_px: int, width_px: int) -> tuple[slice, slice]:
    """Rows and columns of the region, at least one pixel each way, never beyond the picture."""
    return _span(region.y, region.height, height_px), _span(region.x, region.width, width_px)


def cut(pixels: npt.NDArray[np.uint8], region: Region) -> npt.NDArray[np.uint8]:
    """The region of a picture as a view, H×W×3 uint8 RGB; the picture itself where the region is the whole of it."""
    if region.is_whole:
        return pixels
    return pixels[rectangle(region, pixels.shape[0], pixels.shape[1])]


def _span(start: float, length: float, whole_px: int) -> slice:
    first = min(round(start * whole_px), whole_px - 1)
    last = min(max(round((start + length) * whole_px), first + 1), whole_px)
    return slice(first, last)
