"""The outlines that a toolmaker uses, as signed distances: negative inside, positive outside, in pixels.

A distance draws what a pixel mask cannot: an edge without stairs, a chamfer, a rounded rim, all from one array.
Each function takes the part's own coordinates `u` (to the right) and `v` (down), H×W float32 pixels from the part's
centre, and returns the distance with their shape.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.float32]


def disc(u: Field, v: Field, x_px: float, y_px: float, radius_px: float) -> Field:
    """A round hole or boss around (x, y)."""
    distance: Field = np.hypot(u - np.float32(x_px), v - np.float32(y_px)) - np.float32(radius_px)
    return distance


def plate(u: Field, v: Field, x_px: float, y_px: float, width_px: float, height_px: float, corner_px: float) -> Field:
    """A rectangle with round corners; the formula is Inigo Quilez's `sdRoundedBox`."""
    across = np.abs(u - np.float32(x_px)) - np.float32(width_px / 2 - corner_px)
    along = np.abs(v - np.float32(y_px)) - np.float32(height_px / 2 - corner_px)
    outside = np.hypot(np.maximum(across, 0), np.maximum(along, 0))
    distance: Field = outside + np.minimum(np.maximum(across, along), 0) - np.float32(corner_px)
    return distance


def slot(u: Field, v: Field, start_px: tuple[float, float], end_px: tuple[float, float], radius_px: float) -> Field:
    """A long hole or a rib with round ends, from `start_px` to `end_px`."""
    run_x, run_y = end_px[0] - start_px[0], end_px[1] - start_px[1]
    x, y = u - np.float32(start_px[0]), v - np.float32(start_px[1])
    length_squared = np.float32(max(run_x * run_x + run_y * run_y, 1e-6))
    place = np.clip((x * np.float32(run_x) + y * np.float32(run_y)) / length_squared, 0, 1)
    distance: Field = np.hypot(x - place * np.float32(run_x), y - place * np.float32(run_y)) - np.float32(radius_px)
    return distance


def ring(u: Field, v: Field, x_px: float, y_px: float, radius_px: float, breadth_px: float) -> Field:
    """A band of `breadth_px` around the circle of `radius_px`."""
    distance: Field = np.abs(disc(u, v, x_px, y_px, radius_px)) - np.float32(breadth_px / 2)
    return distance


def inside(distance: Field, blur_px: float = 1.0) -> Field:
    """How much of each pixel lies inside: 1 inside, 0 outside, a soft edge of `blur_px` between."""
    coverage: Field = np.clip(np.float32(0.5) - distance / np.float32(blur_px), 0, 1)
    return coverage


def slope(distance: Field, breadth_px: float) -> Field:
    """A rounded flank: 0 at the outline, rising smoothly to 1 at `breadth_px` inside it."""
    rise: Field = np.clip(-distance / np.float32(breadth_px), 0, 1)
    flank: Field = rise * rise * (3 - 2 * rise)
    return flank
