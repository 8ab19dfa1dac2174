"""Copies as a worse sensor and a stronger compression would give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import Noise

BEST_QUALITY = 100


def noisy(pixels: npt.NDArray[np.uint8], noise: Noise, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A copy of an H×W×3 uint8 RGB picture with Gaussian noise, saved and read as a JPEG."""
    amount, loss = random.uniform(0, 1, 2)
    if noise.sensor:
        grain = random.standard_normal(pixels.shape, np.float32) * np.float32(amount * noise.sensor)
        pixels = np.asarray(np.clip(np.rint(pixels + grain), 0, 255), np.uint8)
    quality = round(BEST_QUALITY - loss * (BEST_QUALITY - noise.jpeg_quality))
    return pixels if noise.jpeg_quality == BEST_QUALITY else _compressed(pixels, quality)


def _compressed(pixels: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    done, content = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    again = cv2.imdecode(content, cv2.IMREAD_COLOR) if done else None
    if again is None:
        raise BadInputError(f"wanted a picture that JPEG can hold, found {pixels.shape[1]}×{pixels.shape[0]} px")
    return np.asarray(again[..., ::-1], np.uint8)
