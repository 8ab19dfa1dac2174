"""Inputs of the face detectors: 3×240×320, (p - 127) / 128, as their authors feed them.

Photographs without faces calibrate, as crops of a line would; the one face in the data judges, cut a hundred ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_runtime.capture.picture_file import read_picture
from tests.bench.convert.pictures import crops

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

PORTRAIT = "coral-test-data/grace_hopper.bmp"
FACE = (150, 110, 380, 350)
"""Left, top, right, bottom of the face and its cap in the portrait of 512×600, in pixels; every cut holds them."""

STRIDES_PX = (8, 16, 32, 64)
SMALLEST_PX = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
"""Anchors of UltraFace for 320×240: at each stride, squares of so many pixels (its `box_utils`)."""

CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2

CALIBRATE, JUDGE = 100, 100
WIDTH_PX, HEIGHT_PX = 320, 240


def faces(data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Calibrating and judging inputs."""
    known = crops(data, "known", CALIBRATE, WIDTH_PX, 2).pixels[:, 40 : 40 + HEIGHT_PX]
    return _fed(known), _fed(_cuts(read_picture(data / PORTRAIT), 3))


def _fed(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(((pixels.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2))


def _cuts(portrait: npt.NDArray[np.uint8], seed: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    left, top, right, bottom = FACE
    made = np.empty((JUDGE, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    for place in range(JUDGE):
        width = int(rng.integers(330, portrait.shape[1] + 1))
        height = width * HEIGHT_PX // WIDTH_PX
        x = int(rng.integers(max(0, right - width), min(left, portrait.shape[1] - width) + 1))
        y = int(rng.integers(max(0, bottom - height), min(top, portrait.shape[0] - height) + 1))
        cut = cv2.resize(portrait[y : y + height, x : x + width], (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
        bright = np.clip(cut * rng.uniform(0.6, 1.3) + rng.normal(0, 5, cut.shape), 0, 255).astype(np.uint8)
        made[place] = bright[:, ::-1] if rng.random() < 0.5 else bright
    return made


def decoded(regressions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """N×…×4420×4 regressions of the slim network as left, top, right, bottom, 0 to 1; the RFB file decodes itself."""
    anchors = _anchors()
    centre = regressions[..., :2] * CENTRE_VARIANCE * anchors[:, 2:] + anchors[:, :2]
    size = np.exp(regressions[..., 2:] * SIZE_VARIANCE) * anchors[:, 2:]
    return np.concatenate((centre - size / 2, centre + size / 2), axis=-1)


def _anchors() -> npt.NDArray[np.float32]:
    """4420×4: centre and size, 0 to 1."""
    rows = [
        ((column + 0.5) * stride / WIDTH_PX, (row + 0.5) * stride / HEIGHT_PX, side / WIDTH_PX, side / HEIGHT_PX)
        for stride, sides in zip(STRIDES_PX, SMALLEST_PX, strict=True)
        for row in range(-(-HEIGHT_PX // stride))
        for column in range(-(-WIDTH_PX // stride))
        for side in sides
    ]
    return np.asarray(rows, np.float32)
