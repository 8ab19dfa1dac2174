"""Pictures for the bench: crops of the real photographs below `LEPTON_DATA`, parted by photograph, drawn by a seed.

A photograph gives crops to one side only, so no judged crop shares a photograph with a calibrating or training one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from edge_runtime.capture.picture_file import read_picture

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Side = Literal["known", "judged"]

GROUPS = {
    "cookies": ("defect-cookies/train/*.jpg",),
    "aliens": ("defect-aliens/normal/*.png", "defect-aliens/anomaly/*.png"),
    "boards": ("defect-deeppcb/*_test.jpg",),
    "scenes": ("coral-test-data/*.bmp", "coral-test-data/*.jpg", "tflite-support/*.jpg", "tflite-support/*.png"),
}
"""Photographs by what they show: patterns below the data folder."""

EVERY_JUDGED = 3
"""Every third photograph of a group is kept for judging."""

SMALLEST_CROP = 0.4
"""A crop's side, at least, as a share of the photograph's shorter side."""


@dataclass(frozen=True, slots=True)
class Crops:
    """pixels: N×S×S×3 uint8 RGB. group: N, index into `GROUPS`. turns: N, quarter turns anticlockwise."""

    pixels: npt.NDArray[np.uint8]
    group: npt.NDArray[np.int64]
    turns: npt.NDArray[np.int64]


def photographs(data: Path, group: str, side: Side) -> list[Path]:
    """The photographs of one group on one side.

    Raises:
        FileNotFoundError: the data folder has none.
    """
    found = sorted(path for pattern in GROUPS[group] for path in data.glob(pattern))
    if not found:
        raise FileNotFoundError(f"wanted photographs {GROUPS[group]} below {data}, found none; set LEPTON_DATA")
    return [path for place, path in enumerate(found) if (place % EVERY_JUDGED == 0) == (side == "judged")]


def crops(data: Path, side: Side, count: int, size_px: int, seed: int, *, turned: bool = False) -> Crops:
    """Square crops, the groups in turn.

    Args:
        data: the folder of real data.
        side: which photographs to cut from.
        count: how many crops.
        size_px: their side.
        seed: of place, size, mirroring and brightness.
        turned: also turn each by 0 to 3 quarter turns.
    """
    rng = np.random.default_rng(seed)
    files = {group: photographs(data, group, side) for group in GROUPS}
    pixels = np.empty((count, size_px, size_px, 3), np.uint8)
    group, turns = np.empty(count, np.int64), np.zeros(count, np.int64)
    for place in range(count):
        group[place] = place % len(GROUPS)
        of_group = files[list(GROUPS)[group[place]]]
        picture = _picture(of_group[int(rng.integers(len(of_group)))])
        turns[place] = int(rng.integers(4)) if turned else 0
        pixels[place] = np.rot90(_crop(picture, size_px, rng), turns[place])
    return Crops(pixels, group, turns)


def _crop(picture: npt.NDArray[np.uint8], size_px: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    side = max(8, int(min(height, width) * rng.uniform(SMALLEST_CROP, 1.0)))
    top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    cut = picture[top : top + side, left : left + side]
    cut = cv2.resize(cut, (size_px, size_px), interpolation=cv2.INTER_AREA)
    bright = np.clip(cut.astype(np.float32) * rng.uniform(0.7, 1.2), 0, 255).astype(np.uint8)
    return bright[:, ::-1] if rng.random() < 0.5 else bright


@lru_cache(maxsize=256)
def _picture(path: Path) -> npt.NDArray[np.uint8]:
    """Kept small: crops are at most 320 pixels wide."""
    picture = read_picture(path)
    shrink = 640 / max(picture.shape[:2])
    if shrink >= 1:
        return picture
    size = (round(picture.shape[1] * shrink), round(picture.shape[0] * shrink))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
