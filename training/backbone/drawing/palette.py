"""Colours that go together, and what they make of a texture. RGB float32, 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from training.backbone.drawing.noise import Field

Rgb: TypeAlias = npt.NDArray[np.float32]
"""3, or S×S×3 for a picture."""

GREY_SHARE = 0.5
_STEPS = 256


def colour(rng: np.random.Generator) -> Rgb:
    """One colour; half of them nearly grey, as things in a factory are."""
    colourful = rng.uniform(0, 0.15) if rng.random() < GREY_SHARE else rng.uniform(0.15, 0.95)
    hsv = np.array([[[rng.uniform(0, 360), colourful, rng.uniform(0.12, 1)]]], np.float32)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def shaded(rng: np.random.Generator, base: Rgb, contrast: float) -> Rgb:
    """A neighbour of a colour: lighter or darker by up to `contrast`, and a little of another hue."""
    away = rng.uniform(-contrast, contrast) + rng.normal(0, contrast / 6, 3)
    return np.clip(base + away.astype(np.float32), 0, 1)


def painted(rng: np.random.Generator, field: Field) -> Rgb:
    """A texture in colours: two to four of them along its values, often near to each other. S×S×3."""
    count = int(rng.integers(2, 5))
    first = colour(rng)
    contrast = float(rng.choice((0.08, 0.2, 0.5)))
    colours = [first, *(shaded(rng, first, contrast) if rng.random() < 0.7 else colour(rng) for _ in range(count - 1))]  # noqa: PLR2004 - mostly
    stops = np.linspace(0, 1, count)
    ramp = np.stack(
        [np.interp(np.linspace(0, 1, _STEPS), stops, [one[channel] for one in colours]) for channel in range(3)], axis=1
    ).astype(np.float32)
    place = cv2.convertScaleAbs(np.clip(field, 0, 1), alpha=_STEPS - 1)
    return np.asarray(cv2.LUT(cv2.merge([place] * 3), ramp[None]), np.float32)
