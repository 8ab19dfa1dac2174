"""Drawn numerals for the MNIST network: eight fonts, turned, moved and thickened by a seed. 1×28×28, 0 to 255."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

SIZE_PX = 28


def numerals(_data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """100 to calibrate with in the first four fonts, 400 to judge by in the other four."""
    return _drawn(100, range(4), 2), _drawn(400, range(4, 8), 3)


def _drawn(count: int, fonts: range, seed: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    made = np.zeros((count, 1, SIZE_PX, SIZE_PX), np.float32)
    for place in range(count):
        canvas = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        font, thickness = int(rng.choice(list(fonts))), int(rng.integers(1, 4))
        cv2.putText(canvas, str(place % 10), (6, 22), font, 0.75, 255, thickness, cv2.LINE_AA)
        turn = cv2.getRotationMatrix2D((14, 14), rng.uniform(-20, 20), rng.uniform(0.8, 1.1))
        turn[:, 2] += rng.uniform(-3, 3, 2)
        made[place, 0] = cv2.warpAffine(canvas, turn, (SIZE_PX, SIZE_PX))
    return made
