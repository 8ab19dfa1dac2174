"""Fourteen kinds of texture, each a small program whose numbers are drawn anew for every picture.

A texture is an S×S float32 field from 0 to 1; colour comes later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.backbone.drawing.noise import cloud, nearest_seeds, smooth, stretched, turned, white

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.backbone.drawing.noise import Field

_TURN = np.float32(2 * np.pi)


def texture(rng: np.random.Generator, side_px: int) -> Field:
    """One texture of a random kind; one in three is two kinds on top of each other."""
    field = _one(rng, side_px)
    if rng.random() < 1 / 3:
        share = np.float32(rng.uniform(0.2, 0.6))
        field = stretched((1 - share) * field + share * _one(rng, side_px))
    return field


def _one(rng: np.random.Generator, side_px: int) -> Field:
    return KINDS[int(rng.integers(len(KINDS)))](rng, side_px)


def clouds(rng: np.random.Generator, side_px: int) -> Field:
    """Cast, paint, paper: hills within hills."""
    return cloud(rng, side_px, int(rng.integers(2, 24)), int(rng.integers(1, 6)), float(rng.uniform(0.4, 0.9)))


def grain(rng: np.random.Generator, side_px: int) -> Field:
    """Sand, sprayed lacquer: noise of one fineness."""
    return stretched(_blurred(white(rng, side_px, side_px), float(rng.uniform(0.3, 3.0))))


def brushed(rng: np.random.Generator, side_px: int) -> Field:
    """Brushed or rolled metal: long fine lines in one direction."""
    length = int(rng.integers(2, 16))
    field = smooth(rng, side_px, length, int(rng.integers(side_px // 4, side_px)))
    return stretched(field.T.copy() if rng.random() < 0.5 else field)  # noqa: PLR2004 - either way


def stripes(rng: np.random.Generator, side_px: int) -> Field:
    """Waves, ribs, threads."""
    along, _ = turned(rng, side_px, float(rng.uniform(0, 0.3)))
    return _wave(along * np.float32(rng.uniform(3, 40)), float(rng.uniform(0.4, 4)))


def grid(rng: np.random.Generator, side_px: int) -> Field:
    """Mesh and perforated sheet."""
    along, aside = turned(rng, side_px, float(rng.uniform(0, 0.1)))
    often = np.float32(rng.uniform(4, 24))
    sharp = float(rng.uniform(0.5, 6))
    first, second = _wave(along * often, sharp), _wave(aside * often * np.float32(rng.uniform(0.5, 2)), sharp)
    return np.maximum(first, second) if rng.random() < 0.5 else first * second  # noqa: PLR2004 - either way


def weave(rng: np.random.Generator, side_px: int) -> Field:
    """Cloth: threads over and under."""
    along, aside = turned(rng, side_px, float(rng.uniform(0, 0.05)))
    often = np.float32(rng.uniform(5, 20))
    over = (np.floor(along * often) + np.floor(aside * often)) % 2
    return np.asarray(np.where(over > 0, _wave(along * often, 1), _wave(aside * often, 1)), np.float32)


def checks(rng: np.random.Generator, side_px: int) -> Field:
    """Tiles of two or more tones."""
    along, aside = turned(rng, side_px, float(rng.uniform(0, 0.05)))
    often, tones = np.float32(rng.uniform(2, 14)), int(rng.integers(2, 5))
    return stretched(np.asarray((np.floor(along * often) + np.floor(aside * often)) % tones, np.float32))


def bricks(rng: np.random.Generator, side_px: int) -> Field:
    """Courses with joints, each brick of its own tone."""
    along, aside = turned(rng, side_px)
    rows, columns = np.float32(rng.uniform(3, 14)), np.float32(rng.uniform(2, 7))
    row = np.floor(aside * rows)
    place = along * columns + (row % 2) * np.float32(0.5)
    inner = np.minimum(np.abs(aside * rows - row - 0.5), np.abs(place - np.floor(place) - 0.5))
    tone = np.sin(row * np.float32(12.9) + np.floor(place) * np.float32(78.2)) * np.float32(0.5) + np.float32(0.5)
    joint = np.maximum(np.abs(aside * rows - row - 0.5), np.abs(place - np.floor(place) - 0.5)) > rng.uniform(0.4, 0.48)
    return stretched(np.asarray(np.where(joint, 0, 0.4 + 0.6 * tone + 0.1 * inner), np.float32))


def cells(rng: np.random.Generator, side_px: int) -> Field:
    """Crystal, leather, foam: each place shaded by its distance to a seed."""
    away, of = nearest_seeds(rng, side_px, int(rng.integers(6, 220)))
    tones = rng.random(int(of.max()) + 1).astype(np.float32)
    share = np.float32(rng.uniform(0, 1))
    return stretched(share * tones[of] + (1 - share) * stretched(away))


def cracks(rng: np.random.Generator, side_px: int) -> Field:
    """Craquelure and joints: where the nearest seed changes."""
    _, of = nearest_seeds(rng, side_px, int(rng.integers(6, 90)))
    edge = (np.abs(cv2.Laplacian(of.astype(np.float32), cv2.CV_32F)) > 0).astype(np.float32)
    return 1 - stretched(_blurred(edge, float(rng.uniform(0.4, 1.5))))


def wood(rng: np.random.Generator, side_px: int) -> Field:
    """Year rings, cut somewhere."""
    along, aside = turned(rng, side_px, float(rng.uniform(0.02, 0.25)))
    radius = np.hypot(along * np.float32(rng.uniform(0.1, 1)), aside + np.float32(rng.uniform(-1, 1)))
    return _wave(radius * np.float32(rng.uniform(8, 50)), float(rng.uniform(0.5, 2)))


def marble(rng: np.random.Generator, side_px: int) -> Field:
    """Veins: a wave that turbulence carries off."""
    along, _ = turned(rng, side_px)
    drift = np.float32(rng.uniform(0.5, 4)) * cloud(rng, side_px, int(rng.integers(2, 8)), 4, 0.6)
    return _wave(along * np.float32(rng.uniform(1, 8)) + drift, float(rng.uniform(0.5, 3)))


def spots(rng: np.random.Generator, side_px: int) -> Field:
    """Islands: a cloud cut at a height."""
    field = cloud(rng, side_px, int(rng.integers(3, 40)), int(rng.integers(1, 4)), 0.6)
    cut, soft = float(rng.uniform(0.35, 0.65)), float(rng.uniform(0.01, 0.2))
    return np.asarray(np.clip((field - np.float32(cut)) / np.float32(soft) + np.float32(0.5), 0, 1), np.float32)


def fibres(rng: np.random.Generator, side_px: int) -> Field:
    """Felt, hair, machining marks: many thin strokes."""
    page = np.zeros((side_px, side_px), np.uint8)
    heading, spread = rng.uniform(0, np.pi), rng.uniform(0.02, 3.0)
    for _ in range(int(rng.integers(20, 160))):
        angle, length = heading + rng.normal(0, spread), rng.uniform(0.05, 0.6) * side_px
        x, y = rng.uniform(0, side_px, 2)
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        cv2.line(page, (round(x), round(y)), end, (int(rng.integers(60, 256)),), 1, cv2.LINE_AA)
    return np.asarray(page / np.float32(255), np.float32)


KINDS: tuple[Callable[[np.random.Generator, int], Field], ...] = (
    *(clouds, grain, brushed, stripes, grid, weave, checks),
    *(bricks, cells, cracks, wood, marble, spots, fibres),
)


def _wave(phase: Field, sharpness: float) -> Field:
    """0 to 1 and back with each whole of the phase; greater sharpness makes steeper flanks."""
    wave = np.sin(_TURN * phase)
    return np.asarray(np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(sharpness) * wave), np.float32)


def _blurred(field: Field, sigma_px: float) -> Field:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma_px), np.float32)
