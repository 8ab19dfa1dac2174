"""One drawn picture by its number: layout, wear, light, lens, sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from training.backbone.drawing.layouts import LAYOUTS, light_field
from training.backbone.drawing.wear import wear

if TYPE_CHECKING:
    from training.backbone.drawing.palette import Rgb

Pixels: TypeAlias = npt.NDArray[np.uint8]


def drawn_picture(seed: int, number: int, side_px: int) -> Pixels:
    """Picture `number` of the stream that `seed` opens: S×S×3 uint8 RGB.

    The same three numbers give the same picture, whoever draws it and in which order.
    """
    rng = np.random.default_rng((seed, number))
    picture = np.ascontiguousarray(LAYOUTS[int(rng.integers(len(LAYOUTS)))](rng, side_px), np.float32)
    wear(rng, picture)
    np.clip(picture, 0, 1, out=picture)
    return _taken(rng, picture * light_field(rng, side_px))


def _taken(rng: np.random.Generator, scene: Rgb) -> Pixels:
    """What a camera makes of a scene: exposure, colour cast, focus, noise."""
    cast = np.float32(rng.uniform(0.7, 1.3)) * rng.normal(1, 0.04, 3).astype(np.float32)
    lit = cv2.pow(np.clip(scene * cast, 0, 1), float(rng.uniform(0.6, 1.4)))
    if rng.random() < 0.6:  # noqa: PLR2004 - the others are sharp
        lit = cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.3, 1.6)))
    if rng.random() < 0.1:  # noqa: PLR2004 - some cameras see no colour
        lit = np.repeat(lit.mean(axis=2, keepdims=True), 3, axis=2)
    noise = np.float32(rng.uniform(0, 6)) * rng.standard_normal(lit.shape[:2], np.float32)
    return np.asarray(np.clip(np.rint(lit * np.float32(255) + noise[..., None]), 0, 255), np.uint8)
