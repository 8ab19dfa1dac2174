"""Stamped parts of ten kinds, drawn small: labelled pictures that any machine can make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]
    Points = npt.NDArray[np.float64]

FINENESS = 4
"""Parts are drawn so many times larger, then averaged: edges fall between pixels."""


def _ring(radii: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], points: int) -> Points:
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radii(angles)[:, None]


def _polygon(corners: int) -> Points:
    return _ring(np.ones_like, corners)


def _star(points: int, inner: float) -> Points:
    return _ring(lambda angles: np.where(np.arange(len(angles)) % 2, inner, 1.0), 2 * points)


def _wavy(waves: int, depth: float) -> Points:
    return _ring(lambda angles: 1 - depth + depth * np.cos(waves * angles), 72)


KINDS: dict[str, Points] = {
    "triangle": _polygon(3),
    "square": _polygon(4),
    "pentagon": _polygon(5),
    "hexagon": _polygon(6),
    "star-4": _star(4, 0.55),
    "star-5": _star(5, 0.6),
    "star-6": _star(6, 0.65),
    "cam-3": _wavy(3, 0.12),
    "cam-4": _wavy(4, 0.12),
    "disc": _wavy(1, 0.0),
}
"""Outlines of radius 1."""


def drawn_kinds(count: int, seed: int, side_px: int = 32) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """`count` pictures, N×side×side×3 uint8 RGB, and the number of each one's kind."""
    random = np.random.default_rng(seed)
    kinds = random.permutation(np.arange(count) % len(KINDS))
    outlines = list(KINDS.values())
    return np.stack([_drawn(outlines[kind], random, side_px) for kind in kinds]), kinds.astype(np.int64)


def _drawn(outline: Points, random: np.random.Generator, side_px: int) -> Picture:
    side = side_px * FINENESS
    ground = random.uniform(60, 190, 3)
    part = np.clip(ground + random.choice([-1, 1]) * random.uniform(30, 90) + random.normal(0, 12, 3), 10, 245)
    canvas = np.full((side, side, 3), ground, np.float32)
    canvas += np.float32(random.uniform(-25, 25)) * np.linspace(-1, 1, side, dtype=np.float32)[:, None, None]
    for _ in range(random.integers(0, 3)):
        _line(canvas, random, ground)
    cv2.fillPoly(canvas, [_placed(outline, random, side)], tuple(map(float, part)))
    for _ in range(random.integers(0, 2)):
        _line(canvas, random, part)
    blurred = cv2.GaussianBlur(canvas, (0, 0), random.uniform(0.3, 1.0) * FINENESS)
    small = cv2.resize(blurred, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return np.clip(small + random.normal(0, random.uniform(3, 9), small.shape), 0, 255).astype(np.uint8)


def _placed(outline: Points, random: np.random.Generator, side: int) -> npt.NDArray[np.int32]:
    """Turned, squeezed and moved as parts lie on a belt seen from the side."""
    angle, lean = random.uniform(0, 2 * np.pi, 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    axis = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    squeeze = axis @ np.diag([1.0, random.uniform(0.85, 1.0)]) @ axis.T
    radius = side * random.uniform(0.3, 0.44)
    centre = side / 2 + random.uniform(-1, 1, 2) * (side / 2 - radius)
    return np.asarray(outline @ turn.T @ squeeze.T * radius + centre, np.int32)


def _line(canvas: npt.NDArray[np.float32], random: np.random.Generator, near: npt.NDArray[np.float64]) -> None:
    side = canvas.shape[0]
    ends = random.integers(0, side, 4)
    colour = tuple(map(float, near + random.uniform(-40, 40)))
    cv2.line(canvas, tuple(map(int, ends[:2])), tuple(map(int, ends[2:])), colour, int(random.integers(2, 7)))
