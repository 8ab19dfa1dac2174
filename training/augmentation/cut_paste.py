"""Good parts with a made defect: a patch or a scar of the picture itself, turned and pasted elsewhere.

After Li et al., "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization" (2021): patches of an
aspect of up to 3.3, scars thinner than a quarter of their length, each with a colour of its own.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converters.calibration.samples import GOOD_LABELS
from training.dataset import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import CutPaste
    from training.augmentation.view import View

    Pixels = npt.NDArray[np.uint8]

WIDEST_PATCH = 3.3
SCAR = (4.0, 12.0)
"""Length over breadth."""

TINT = 0.1
LEAST_PX = 3
LEAST_CHANGE = 12
"""Of 255: twice what a noisy sensor adds, and what an eye sees."""

LEAST_SEEN = 0.5
"""Of a patch: what is pasted on its like is no defect."""

TRIES = 10
SMALLEST_PX = 8
"""Smaller pictures have no room for a defect."""

EDGE_PX = 1.0
"""Of softness around the patch, so that it is not known by a hard edge alone."""


def with_defect(view: View, cut_paste: CutPaste, random: np.random.Generator) -> View:
    """A copy with a defect that can be seen, its box and its mask; what is no good part stays as it is.

    A patch of the ground on the ground changes nothing and is drawn again, ten times at most. Box and mask hold what
    can be seen of it.
    """
    happens = random.uniform()
    is_good = view.label.lower() in GOOD_LABELS
    if happens >= cut_paste.chance or not is_good or min(view.pixels.shape[:2]) < SMALLEST_PX:
        return view
    for _ in range(TRIES):
        pixels, covered = _pasted(view.pixels, cut_paste, random)
        change = np.abs(pixels.astype(np.int16) - view.pixels).max(axis=2)
        seen = covered & (change >= LEAST_CHANGE)
        if seen.sum() >= LEAST_SEEN * covered.sum() > 0:
            mask = np.where(seen, np.uint8(255), np.uint8(0))
            left, top, wide, high = cv2.boundingRect(mask)
            box = Box(left, top, wide, high, cut_paste.label)
            return replace(view, pixels=pixels, label=cut_paste.label, boxes=(box,), mask=mask)
    return view


def _pasted(pixels: Pixels, cut_paste: CutPaste, random: np.random.Generator) -> tuple[Pixels, npt.NDArray[np.bool_]]:
    """The picture with a piece of itself elsewhere, and H×W, where that piece covers at least half of a pixel."""
    height, width = pixels.shape[:2]
    longest = min(width, height) / 2
    long_px, short_px = (min(side, longest) for side in _size(width * height, cut_paste, random))
    stencil = _stencil(long_px, short_px, random.uniform(0, math.pi))
    rows, columns = stencil.shape
    from_y, to_y = random.integers(0, height - rows + 1, 2)
    from_x, to_x = random.integers(0, width - columns + 1, 2)
    patch = pixels[from_y : from_y + rows, from_x : from_x + columns].astype(np.float32)
    patch *= random.uniform(1 - TINT, 1 + TINT, 3).astype(np.float32)
    pasted = pixels.copy()
    under = pasted[to_y : to_y + rows, to_x : to_x + columns]
    under[...] = np.clip(np.rint(under + (patch - under) * stencil[..., None]), 0, 255)
    covered = np.zeros((height, width), np.bool_)
    covered[to_y : to_y + rows, to_x : to_x + columns] = stencil >= 0.5  # noqa: PLR2004 - half
    return pasted, covered


def _size(picture_px: int, cut_paste: CutPaste, random: np.random.Generator) -> tuple[float, float]:
    """Length and breadth of a patch, or as often of a scar, in pixels."""
    area = picture_px * math.exp(random.uniform(math.log(cut_paste.area_min), math.log(cut_paste.area_max)))
    aspect = random.uniform(*SCAR) if random.integers(2) else random.uniform(1, WIDEST_PATCH)
    return max(math.sqrt(area * aspect), LEAST_PX), max(math.sqrt(area / aspect), LEAST_PX)


def _stencil(long_px: float, short_px: float, direction: float) -> npt.NDArray[np.float32]:
    """h×w, how much of the patch covers each pixel: a turned rectangle with soft edges, 0 to 1."""
    reach_x = (long_px * abs(math.cos(direction)) + short_px * abs(math.sin(direction))) / 2
    reach_y = (long_px * abs(math.sin(direction)) + short_px * abs(math.cos(direction))) / 2
    half_x, half_y = max(1, int(reach_x)), max(1, int(reach_y))
    down, right = np.mgrid[-half_y : half_y + 1, -half_x : half_x + 1]
    along = np.abs(right * math.cos(direction) + down * math.sin(direction))
    across = np.abs(-right * math.sin(direction) + down * math.cos(direction))
    covered = np.minimum(long_px / 2 - along, short_px / 2 - across) / EDGE_PX + 0.5
    return np.asarray(np.clip(covered, 0, 1), np.float32)
