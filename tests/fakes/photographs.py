"""Real photographs for networks that classify: crops of the data folder's pictures, calibration and judging apart.

No picture of the one set is cut from a photograph of the other, so that a figure on the judging set is one on pictures
that nobody has seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

SCENES = (
    "coral-test-data/*.bmp",
    "coral-test-data/*.jpg",
    "tflite-support/*.jpg",
    "tflite-support/*.png",
    "tflite-micro/*.bmp",
)
"""Photographs of animals, people, flowers and food: few, so many crops are cut from each."""

PARTS = ("defect-aliens/*/*.png", "defect-aliens/*/*.jpg", "defect-cookies/train/*.jpg", "defect-deeppcb/*_test.jpg")
"""Photographs of manufactured parts: many of a kind, so few crops of each."""

CROPS_OF_A_SCENE = 12
PARTS_OF_A_KIND = 12
SMALLEST_CROP = 0.45
"""A crop's side, as a share of the photograph's shorter side: so much at least."""


def crops(data: Path, side_px: int, which: Literal["calibration", "judging"]) -> list[npt.NDArray[np.uint8]]:
    """side_px × side_px × 3 uint8 RGB, 0–255, in the same order every time; about a hundred and fifty of either set.

    Photographs are taken in turns: the first, third, ... of a pattern calibrate, the others judge.
    """
    rng = np.random.default_rng(0 if which == "calibration" else 1)
    mine = slice(0 if which == "calibration" else 1, None, 2)
    scenes = sorted(path for pattern in SCENES for path in data.glob(pattern))[mine]
    parts = [path for pattern in PARTS for path in sorted(data.glob(pattern))[mine][:PARTS_OF_A_KIND]]
    cut = [_crop(pixels, side_px, rng) for pixels in map(_read, scenes) for _ in range(CROPS_OF_A_SCENE)]
    return cut + [_crop(pixels, side_px, rng) for pixels in map(_read, parts) for _ in range(2)]


def _read(path: Path) -> npt.NDArray[np.uint8]:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert pixels is not None, path
    return np.asarray(pixels[:, :, ::-1], np.uint8)


def _crop(pixels: npt.NDArray[np.uint8], side_px: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    side = int(min(height, width) * rng.uniform(SMALLEST_CROP, 1.0))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    cut = pixels[top : top + side, left : left + side]
    if rng.random() < 0.5:
        cut = cut[:, ::-1]
    return np.asarray(cv2.resize(np.ascontiguousarray(cut), (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8)
