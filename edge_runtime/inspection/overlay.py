"""A heat map, and boxes, drawn over the picture that they explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.inspection.region import rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_runtime.occasion import Mark

_OPACITY = 0.7
"""Of the hottest place."""

_FAULT = (230, 30, 30)
_EXPECTED = (30, 190, 60)
"""RGB."""
_PX_PER_LINE = 400
"""A line is one pixel wide for so many pixels of the picture's longer side."""
_LETTER_SIZE = 0.4
_LETTER_PX = 22
"""Height of OpenCV's plain letters at size 1."""

_HOTTEST = 2.5
"""Times the threshold: from there on everything is drawn alike."""


def draw_heat(
    pixels: npt.NDArray[np.uint8], heat_map: npt.NDArray[np.float32], region: Region, threshold: float | None
) -> npt.NDArray[np.uint8]:
    """A copy of the picture with the heat map over its region: clear where nothing is suspicious, red where it is most.

    Args:
        pixels: H×W×3 uint8 RGB, 0–255.
        heat_map: float32 h×w, finite.
        region: what of the picture the map covers.
        threshold: places up to it stay clear, so that a good part is seen as it is and one hot corner does not drown
            the rest; None scales to the map's own extremes.
    """
    cv2 = load_opencv()
    rows, columns = rectangle(region, pixels.shape[0], pixels.shape[1])
    drawn = pixels.copy()
    below = drawn[rows, columns]
    size = (below.shape[1], below.shape[0])
    levels = cv2.resize(_levels(heat_map, threshold), size, interpolation=cv2.INTER_LINEAR)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    opacity = levels.astype(np.float32) * np.float32(_OPACITY / 255.0)
    drawn[rows, columns] = cv2.blendLinear(colours, np.ascontiguousarray(below), opacity, 1 - opacity)
    return cast("npt.NDArray[np.uint8]", drawn)


def draw_marks(pixels: npt.NDArray[np.uint8], marks: Sequence[Mark]) -> npt.NDArray[np.uint8]:
    """A copy of the picture with a frame and a label around each mark: red where it is a fault, else green.

    Args:
        pixels: H×W×3 uint8 RGB, 0–255.
        marks: in the whole picture; the best lie on top.
    """
    cv2 = load_opencv()
    drawn = pixels.copy()
    height, width = drawn.shape[:2]
    thick = max(1, round(max(height, width) / _PX_PER_LINE))
    for mark in reversed(marks):
        colour = _FAULT if mark.is_fault else _EXPECTED
        x1, y1, x2, y2 = (
            round(share * (side - 1)) for share, side in zip(mark.corners, (width, height, width, height), strict=True)
        )
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, thick)
        size = thick * _LETTER_SIZE
        below = (x1 + thick, max(y1 - 2 * thick, round(_LETTER_PX * size)))
        text = f"{mark.label} {mark.score:.0%}"
        cv2.putText(drawn, text, below, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)
    return cast("npt.NDArray[np.uint8]", drawn)


def _levels(heat_map: npt.NDArray[np.float32], threshold: float | None) -> npt.NDArray[np.uint8]:
    clear, hottest = float(heat_map.min()), float(heat_map.max())
    if threshold is not None and threshold > 0:
        clear, hottest = threshold, _HOTTEST * threshold
    if hottest <= clear:
        return np.zeros(heat_map.shape, np.uint8)
    return np.asarray(np.clip((heat_map - clear) * (255.0 / (hottest - clear)), 0, 255), np.uint8)
