"""Copies under another light."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.augmentation.recipe import Light


def relit(pixels: npt.NDArray[np.uint8], light: Light, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A copy of an H×W×3 uint8 RGB picture: gamma, contrast, brightness and colour, and a slope across it."""
    if light == type(light)():
        return pixels
    bright, steep, curve, slope, *channels = random.uniform(-1, 1, 7)
    direction = random.uniform(0, 2 * math.pi)
    values = pixels.astype(np.float32) / np.float32(255)
    values = values ** np.float32(math.exp(curve * math.log1p(light.gamma)))
    mean = values.mean()
    values = (values - mean) * np.float32(1 + steep * light.contrast) + mean
    gains = (1 + bright * light.brightness) * (1 + np.array(channels) * light.colour)
    values = values * gains.astype(np.float32) * _slope(pixels.shape, slope * light.slope, direction)
    return np.asarray(np.clip(np.rint(values * 255), 0, 255), np.uint8)


def _slope(shape: tuple[int, ...], amount: float, direction: float) -> npt.NDArray[np.float32]:
    """H×W×1: 1 in the middle, up to `amount` more and less at the ends of the given direction."""
    down, right = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    along = (right * math.cos(direction) + down * math.sin(direction)) / math.sqrt(2)
    return np.asarray(1 + amount * along, np.float32)[..., None]
