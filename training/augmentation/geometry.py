"""Turned, moved, scaled, slanted and mirrored copies; boxes and masks go along."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.dataset import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import Geometry
    from training.augmentation.view import View

    Matrix = npt.NDArray[np.float64]

TRIES = 10
LEAST_KEPT = 0.75
"""Of a box: a copy that is called a defect must still show it."""


def moved(view: View, geometry: Geometry, random: np.random.Generator) -> View:
    """A copy that lies otherwise. A draw that takes a box out of the picture is drawn again, ten times at most."""
    if geometry == type(geometry)():
        return view
    height, width = view.pixels.shape[:2]
    for _ in range(TRIES):
        matrix = _drawn(geometry, width, height, random)
        boxes = [_followed(box, matrix, width, height) for box in view.boxes]
        if all(kept >= LEAST_KEPT for _, kept in boxes):
            return _warped(view, matrix, tuple(box for box, _ in boxes))
    return view


def _drawn(geometry: Geometry, width: int, height: int, random: np.random.Generator) -> Matrix:
    """3×3, from the picture's pixels to the copy's, about the picture's middle."""
    turn, slant, right, down, size = random.uniform(-1, 1, 5)
    mirrored, upended = random.integers(0, 2, 2)
    angle, shear = math.radians(turn * geometry.rotate_deg), math.radians(slant * geometry.shear_deg)
    scale = 1 + size * geometry.scale
    flips = [
        -1.0 if mirrored and geometry.flip in {"horizontal", "both"} else 1.0,
        -1.0 if upended and geometry.flip in {"vertical", "both"} else 1.0,
    ]
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = scale * rotation @ np.array([[1, math.tan(shear)], [0, 1]]) @ np.diag(flips)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = np.array([right * width, down * height]) * geometry.shift
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = middle + offset - linear @ middle
    return matrix


def _warped(view: View, matrix: Matrix, boxes: tuple[Box, ...]) -> View:
    size = view.pixels.shape[1::-1]
    pixels = cv2.warpAffine(view.pixels, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    mask = None
    if view.mask is not None:  # what the mirrored edge shows of a defect is a defect, too
        warped = cv2.warpAffine(view.mask, matrix[:2], size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
        mask = np.asarray(warped, np.uint8)
    return replace(view, pixels=np.asarray(pixels, np.uint8), boxes=boxes, mask=mask)


def _followed(box: Box, matrix: Matrix, width: int, height: int) -> tuple[Box, float]:
    """The upright box around the moved one within the picture, and the share of it that lies there.

    A box's edges lie between pixels, half a pixel before the middle of its first.
    """
    left, top = box.x_px - 0.5, box.y_px - 0.5
    corners = np.array([(left + x, top + y, 1) for x in (0, box.width_px) for y in (0, box.height_px)])
    there = (corners @ matrix.T)[:, :2] + 0.5
    low, high = there.min(axis=0), there.max(axis=0)
    inner_low, inner_high = np.clip(low, 0, (width, height)), np.clip(high, 0, (width, height))
    whole, inside = np.prod(high - low), np.prod(inner_high - inner_low)
    right, down = (float(value) for value in inner_high - inner_low)
    return Box(float(inner_low[0]), float(inner_low[1]), right, down, box.label), float(inside / whole)
