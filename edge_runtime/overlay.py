"""A heat map drawn over the picture that it explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.region import rectangle

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Region

_OPACITY = 0.7
"""Of the hottest place; the coldest is clear, so that a good part is seen as it is."""


def draw_heat(
    pixels: npt.NDArray[np.uint8], heat_map: npt.NDArray[np.float32], region: Region, full: float | None
) -> npt.NDArray[np.uint8]:
    """A copy of the picture with the heat map over its region: clear where cold, red where hot.

    Args:
        pixels: H×W×3 uint8 RGB, 0–255.
        heat_map: float32 h×w, finite.
        region: what of the picture the map covers.
        full: the value that is drawn hottest when the map stays below it (the threshold), so that a good part does
            not glow; None scales to the map's own maximum.
    """
    cv2 = load_opencv()
    rows, columns = rectangle(region, pixels.shape[0], pixels.shape[1])
    drawn = pixels.copy()
    below = drawn[rows, columns]
    size = (below.shape[1], below.shape[0])
    levels = cv2.resize(_levels(heat_map, full), size, interpolation=cv2.INTER_LINEAR)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    opacity = levels.astype(np.float32) * np.float32(_OPACITY / 255.0)
    drawn[rows, columns] = cv2.blendLinear(colours, np.ascontiguousarray(below), opacity, 1 - opacity)
    return cast("npt.NDArray[np.uint8]", drawn)


def _levels(heat_map: npt.NDArray[np.float32], full: float | None) -> npt.NDArray[np.uint8]:
    coldest = float(heat_map.min())
    hottest = max(float(heat_map.max()), coldest if full is None else full)
    span = hottest - coldest
    if span <= 0:
        return np.zeros(heat_map.shape, np.uint8)
    return np.asarray((heat_map - coldest) * (255.0 / span), np.uint8)
