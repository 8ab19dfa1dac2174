"""Copies out of focus or moved while the shutter was open."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import Blur

LEAST_PX = 0.1
"""Less does not change a pixel."""


def softened(pixels: npt.NDArray[np.uint8], blur: Blur, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A copy of an H×W×3 uint8 RGB picture, blurred with the recipe's chance."""
    happens, focus, way = random.uniform(0, 1, 3)
    direction = random.uniform(0, math.pi)
    if happens >= blur.chance:
        return pixels
    if (deviation := focus * blur.focus_px) > LEAST_PX:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), deviation), np.uint8)
    if (length := way * blur.motion_px) > 1:
        pixels = np.asarray(cv2.filter2D(pixels, -1, _way(length, direction)), np.uint8)
    return pixels


def _way(length_px: float, direction: float) -> npt.NDArray[np.float32]:
    """A kernel that is a line of that length through its middle."""
    reach = math.ceil(length_px / 2)
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = right * math.cos(direction) + down * math.sin(direction)
    across = np.abs(-right * math.sin(direction) + down * math.cos(direction))
    kernel = np.clip(1 - across, 0, 1) * np.clip(length_px / 2 + 0.5 - np.abs(along), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)
