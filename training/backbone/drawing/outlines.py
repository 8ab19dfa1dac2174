"""The outlines of things: masks S×S uint8, 255 inside, with soft edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

Mask: TypeAlias = npt.NDArray[np.uint8]
Points: TypeAlias = npt.NDArray[np.float64]

_SHIFT = 3
"""Fraction bits of the points that OpenCV takes."""


def outline(rng: np.random.Generator, side_px: int, x_px: float, y_px: float, radius_px: float) -> Mask:
    """A random shape of about `radius_px` around (x, y); one in five has a hole or is a ring."""
    points = KINDS[int(rng.integers(len(KINDS)))](rng) * radius_px
    angle = rng.choice((0.0, rng.uniform(0, 2 * np.pi)))
    stretch = rng.uniform(0.35, 1.0) if rng.random() < 0.6 else 1.0  # noqa: PLR2004 - mostly
    points[:, 1] *= stretch
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mask = filled(points @ turn.T + (x_px, y_px), side_px)
    if rng.random() < 0.2:  # noqa: PLR2004 - one in five
        hole = filled(points @ turn.T * rng.uniform(0.2, 0.85) + (x_px, y_px), side_px)
        mask = np.asarray(cv2.subtract(mask, hole), np.uint8)
    return mask


def filled(points: Points, side_px: int) -> Mask:
    """The polygon through `points` (x, y in pixels)."""
    mask = np.zeros((side_px, side_px), np.uint8)
    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (255,), cv2.LINE_AA, _SHIFT)
    return mask


def ellipse(_rng: np.random.Generator) -> Points:
    """A circle, until it is stretched."""
    return _around(np.ones(40))


def box(rng: np.random.Generator) -> Points:
    """A rectangle whose corners are more or less round: a superellipse."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    power = rng.uniform(0.05, 0.9)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack((np.sign(cosine) * np.abs(cosine) ** power, np.sign(sine) * np.abs(sine) ** power), axis=1)


def polygon(rng: np.random.Generator) -> Points:
    """Three to nine corners, regular or not."""
    corners = int(rng.integers(3, 10))
    return _around(rng.uniform(0.6, 1, corners) if rng.random() < 0.5 else np.ones(corners))  # noqa: PLR2004 - either


def gear(rng: np.random.Generator) -> Points:
    """Teeth around."""
    teeth, depth = int(rng.integers(5, 24)), rng.uniform(0.7, 0.92)
    return _around(np.tile([1, 1, depth, depth], teeth))


def blob(rng: np.random.Generator) -> Points:
    """A puddle."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(
        rng.normal(0, 0.25 / order) * np.cos(order * angle + rng.uniform(0, 2 * np.pi)) for order in range(1, 6)
    )
    return _around(np.clip(1 + waves, 0.2, 2))


def bracket(rng: np.random.Generator) -> Points:
    """An angle, a channel or a T, by the edges of a cross whose arms are of any length."""
    arm, thick = rng.uniform(0.3, 1, 4), rng.uniform(0.1, 0.35)
    right, down, left, up = np.where(rng.random(4) < 0.3, thick, arm)  # noqa: PLR2004 - some arms are missing
    return np.array(
        [
            *((thick, -up), (thick, -thick), (right, -thick), (right, thick), (thick, thick), (thick, down)),
            *((-thick, down), (-thick, thick), (-left, thick), (-left, -thick), (-thick, -thick), (-thick, -up)),
        ]
    )


KINDS: tuple[Callable[[np.random.Generator], Points], ...] = (ellipse, box, box, polygon, gear, blob, bracket)


def _around(radius: npt.NDArray[np.floating]) -> Points:
    angle = np.linspace(0, 2 * np.pi, len(radius), endpoint=False)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
