"""Faults drawn on photographs of good parts, to compare detectors by while nobody has a defect yet.

Four of each photograph, two of a kind: a patch of it in a wrong place, a little darker or brighter (Li et al.,
"CutPaste", 2021), and a crooked line in one of its colours. They do not look like anybody's defects and say nothing of
how many will be found; which of two detectors notices them sooner is what they are for (`choice`, docs/decisions/175).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.features.size_rule import SIDE_PX

FAULTS = 4
# Sides of a patch, and everything else in pixels, at the usual size (short side 224). At another size a fault is as
# much larger or smaller: it is the part's, and sizes can be compared by it.
PATCH_PX = (10, 40)
PATCH_GAIN = (0.8, 1.2)
LINE_POINTS = 6
LINE_STEP_PX = 9.0
LINE_WIDTH_PX = (1, 5)
LINE_GAIN = (0.7, 1.3)
SOFT_PX = 1.0

Pixels = npt.NDArray[np.uint8]


def drawn_faults(frame: Pixels, random: np.random.Generator) -> list[Pixels]:
    """Four copies of an H×W×3 uint8 picture (sides of 64 px or more) with one fault each."""
    scale = min(frame.shape[:2]) / SIDE_PX
    return [draw(frame, random, scale) for draw in (_patch, _line) for _ in range(FAULTS // 2)]


def _patch(frame: Pixels, random: np.random.Generator, scale: float) -> Pixels:
    height, width, _ = frame.shape
    rows, columns = (max(2, round(scale * side)) for side in random.integers(*PATCH_PX, 2).tolist())
    down, right, to_down, to_right = random.integers(0, [height - rows, width - columns] * 2)
    patch = frame[down : down + rows, right : right + columns] * np.float32(random.uniform(*PATCH_GAIN))
    mask = np.zeros((height, width), np.float32)
    middle = (int(to_right) + columns // 2, int(to_down) + rows // 2)
    cv2.ellipse(mask, middle, (columns // 2 - 1, rows // 2 - 1), 0, 0, 360, 1.0, -1)
    moved = frame.astype(np.float32)
    moved[to_down : to_down + rows, to_right : to_right + columns] = patch
    return _blended(frame, moved, mask, scale)


def _line(frame: Pixels, random: np.random.Generator, scale: float) -> Pixels:
    height, width, _ = frame.shape
    start = random.uniform(0.1, 0.9, 2) * (width, height)
    steps = random.normal(0, scale * LINE_STEP_PX, (LINE_POINTS - 1, 2))
    points = np.rint(start + np.vstack([np.zeros(2), np.cumsum(steps, axis=0)])).astype(np.int32)
    mask = np.zeros((height, width), np.float32)
    cv2.polylines(
        mask, [points.reshape(-1, 1, 2)], False, 1.0, max(1, round(scale * int(random.integers(*LINE_WIDTH_PX))))
    )
    row, column = random.integers(0, (height, width))
    colour = frame[row, column] * np.float32(random.uniform(*LINE_GAIN))
    return _blended(frame, np.broadcast_to(colour, frame.shape), mask, scale)


def _blended(frame: Pixels, other: npt.NDArray[np.float32], mask: npt.NDArray[np.float32], scale: float) -> Pixels:
    share = cv2.GaussianBlur(mask, (0, 0), scale * SOFT_PX)[..., None]
    return np.asarray(np.clip(np.rint(frame * (1 - share) + other * share), 0, 255), np.uint8)
