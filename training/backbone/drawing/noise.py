"""Random fields, S×S float32, the yarn that textures are woven from."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Field: TypeAlias = npt.NDArray[np.float32]


def white(rng: np.random.Generator, rows: int, columns: int) -> Field:
    """Uniform from 0 to 1, each pixel alone."""
    return rng.random((rows, columns), np.float32)


def smooth(rng: np.random.Generator, side_px: int, cells: int, cells_down: int = 0) -> Field:
    """Hills about `side_px / cells` wide (and as high, unless `cells_down` says otherwise), around 0 to 1."""
    coarse = white(rng, max(2, cells_down or cells), max(2, cells))
    return np.asarray(cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC), np.float32)


def cloud(rng: np.random.Generator, side_px: int, cells: int, octaves: int, gain: float) -> Field:
    """Fractal noise: each octave twice as fine and `gain` times as strong; stretched to 0 to 1."""
    total = smooth(rng, side_px, cells)
    strength, finer = gain, 2 * cells
    for _ in range(octaves - 1):
        if finer > side_px:
            break
        total += np.float32(strength) * smooth(rng, side_px, finer)
        strength, finer = strength * gain, 2 * finer
    return stretched(total)


def stretched(field: Field) -> Field:
    """The same field from 0 to 1; a flat one becomes 0."""
    lowest, highest = float(field.min()), float(field.max())
    return np.asarray((field - np.float32(lowest)) / np.float32(max(highest - lowest, 1e-6)), np.float32)


def plane(side_px: int) -> tuple[Field, Field]:
    """Coordinates to the right and down, from -0.5 to 0.5."""
    axis = (np.arange(side_px, dtype=np.float32) + np.float32(0.5)) / np.float32(side_px) - np.float32(0.5)
    across, down = np.meshgrid(axis, axis)
    return across, down


def turned(rng: np.random.Generator, side_px: int, wobble: float = 0.0) -> tuple[Field, Field]:
    """The same coordinates turned by a random angle, bent by up to `wobble`."""
    across, down = plane(side_px)
    angle = rng.choice((0.0, np.pi / 2, rng.uniform(0, np.pi)))
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, aside = across * cosine + down * sine, down * cosine - across * sine
    if wobble > 0:
        along = along + np.float32(wobble) * (smooth(rng, side_px, int(rng.integers(2, 7))) - np.float32(0.5))
        aside = aside + np.float32(wobble) * (smooth(rng, side_px, int(rng.integers(2, 7))) - np.float32(0.5))
    return along, aside


def nearest_seeds(rng: np.random.Generator, side_px: int, count: int) -> tuple[Field, npt.NDArray[np.int32]]:
    """Distance in pixels to the nearest of `count` random points, and which of them (from 0) it is."""
    ground = np.full((side_px, side_px), 255, np.uint8)
    places = rng.integers(0, side_px, (count, 2))
    ground[places[:, 0], places[:, 1]] = 0
    away, labels = cv2.distanceTransformWithLabels(ground, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return np.asarray(away, np.float32), np.asarray(labels, np.int32) - 1
