"""A belt on which parts pass, four a second, as a camera with 30 pictures a second sees it."""

from __future__ import annotations

import numpy as np

PER_S = 30
BEGIN = 40
"""The picture in which the first part comes in; before it the belt is bare."""
_STEP_PX, _LONG_PX, _PITCH_PX, _WIDE_PX = 12, 50, 90, 320


def belt(number: int) -> np.ndarray:
    """A belt with noise on which parts pass, four a second."""
    pixels = np.full((120, _WIDE_PX, 3), 60, np.uint8)
    pixels += np.random.default_rng(number % 16).integers(0, 6, pixels.shape, dtype=np.uint8)
    front = (number - BEGIN) * _STEP_PX
    for start in range(front - _LONG_PX, -_LONG_PX, -_PITCH_PX) if number >= BEGIN else ():
        pixels[30:90, max(start, 0) : max(start + _LONG_PX, 0)] = 190
    return pixels


def crossed_by(number: int) -> int:
    """How many parts have their middle behind the line in this picture."""
    return max(((number - BEGIN) * _STEP_PX - _LONG_PX // 2 - _WIDE_PX // 2) // _PITCH_PX + 1, 0)
