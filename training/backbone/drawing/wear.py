"""What happens to things: scratches, dirt, dents, cracks, bits that are missing. Drawn into S×S×3 float32 pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.backbone.drawing.layouts import lay
from training.backbone.drawing.noise import cloud
from training.backbone.drawing.outlines import blob, filled
from training.backbone.drawing.palette import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.backbone.drawing.palette import Rgb


def wear(rng: np.random.Generator, picture: Rgb) -> None:
    """Nothing, on half of the pictures; up to four faults on the others."""
    if rng.random() < 0.5:  # noqa: PLR2004 - every other one is new
        return
    for _ in range(int(rng.integers(1, 5))):
        KINDS[int(rng.integers(len(KINDS)))](rng, picture)


def scratch(rng: np.random.Generator, picture: Rgb) -> None:
    """A thin line, bent, lighter or darker than what it runs over."""
    points = _walk(rng, picture.shape[0], turn=0.15)
    tone = tuple(float(value) for value in np.clip(picture.mean((0, 1)) + rng.uniform(-0.7, 0.7), 0, 1))
    cv2.polylines(
        picture, [points], isClosed=False, color=tone, thickness=int(rng.integers(1, 3)), lineType=cv2.LINE_AA
    )


def crack(rng: np.random.Generator, picture: Rgb) -> None:
    """A dark line that turns at every step."""
    dark = tuple(float(value) for value in picture.mean((0, 1)) * rng.uniform(0, 0.5))
    points = _walk(rng, picture.shape[0], turn=0.9)
    cv2.polylines(picture, [points], isClosed=False, color=dark, thickness=1, lineType=cv2.LINE_AA)


def stain(rng: np.random.Generator, picture: Rgb) -> None:
    """A film of another colour, thicker here than there."""
    side_px = picture.shape[0]
    where = cv2.GaussianBlur(_patch(rng, side_px, 0.25), (0, 0), float(rng.uniform(0.5, 5)))
    film = where * np.float32(rng.uniform(0.1, 0.9)) * cloud(rng, side_px, 8, 2, 0.6)
    lay(picture, np.asarray(film, np.uint8), np.broadcast_to(colour(rng), picture.shape))


def dent(rng: np.random.Generator, picture: Rgb) -> None:
    """Light on one side, shade on the other."""
    side_px = picture.shape[0]
    axis = np.arange(side_px, dtype=np.float32)
    across, down = axis[None] - rng.uniform(0, side_px), axis[:, None] - rng.uniform(0, side_px)
    radius_px, angle = rng.uniform(0.02, 0.12) * side_px, rng.uniform(0, 2 * np.pi)
    slope = (across * np.cos(angle) + down * np.sin(angle)) / radius_px
    bowl = slope * np.exp(-(np.square(across) + np.square(down)) / (2 * radius_px**2))
    picture += (np.float32(rng.uniform(0.1, 0.5)) * bowl.astype(np.float32))[..., None]


def missing(rng: np.random.Generator, picture: Rgb) -> None:
    """A place where something else shows."""
    lay(picture, _patch(rng, picture.shape[0], 0.1), np.broadcast_to(colour(rng), picture.shape))


def dust(rng: np.random.Generator, picture: Rgb) -> None:
    """Specks."""
    side_px, tone = picture.shape[0], tuple(float(value) for value in colour(rng))
    for x, y in rng.integers(0, side_px, (int(rng.integers(2, 25)), 2)):
        cv2.circle(picture, (int(x), int(y)), int(rng.integers(0, 3)), tone, -1, cv2.LINE_AA)


KINDS: tuple[Callable[[np.random.Generator, Rgb], None], ...] = (scratch, crack, stain, dent, missing, dust)


def _patch(rng: np.random.Generator, side_px: int, largest: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return filled(blob(rng) * rng.uniform(0.01, largest) * side_px + rng.uniform(0, side_px, 2), side_px)


def _walk(rng: np.random.Generator, side_px: int, turn: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    headings = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, turn, int(rng.integers(3, 12))))
    steps = np.stack((np.cos(headings), np.sin(headings)), axis=1) * rng.uniform(3, 0.15 * side_px)
    return np.asarray(rng.uniform(0, side_px, 2) + np.cumsum(steps, axis=0), np.int32)
