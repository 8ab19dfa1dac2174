"""Copies of few good parts, so that a part that lies a little aside or brighter does not read as a defect.

A fixed set of six per picture, not a random one: the same pictures give the same copies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ENOUGH_PARTS = 50
SHIFT_PX = 4
# (right, down, brightness): a quarter of a feature cell aside, a tenth brighter or darker.
COPIES = (
    (SHIFT_PX, 0, 1.1),
    (-SHIFT_PX, 0, 0.9),
    (0, SHIFT_PX, 0.9),
    (0, -SHIFT_PX, 1.1),
    (SHIFT_PX, SHIFT_PX, 1.0),
    (-SHIFT_PX, -SHIFT_PX, 1.0),
)


def shifted_copies(frame: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """Six copies of an H×W×3 uint8 picture, shifted by 4 px (edges mirrored) and up to 10 % brighter or darker."""
    return [_copy(frame, right, down, gain) for right, down, gain in COPIES]


def _copy(frame: npt.NDArray[np.uint8], right: int, down: int, gain: float) -> npt.NDArray[np.uint8]:
    height, width, _ = frame.shape
    padded = np.pad(frame, ((SHIFT_PX, SHIFT_PX), (SHIFT_PX, SHIFT_PX), (0, 0)), mode="reflect")
    top, left = SHIFT_PX - down, SHIFT_PX - right
    moved = padded[top : top + height, left : left + width]
    return np.asarray(np.clip(np.rint(moved * np.float32(gain)), 0, 255), np.uint8)
