"""What a picture is of: one surface, leaves on leaves, a part on a ground, panels, a drawing. S×S×3 float32, 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.backbone.drawing.noise import smooth
from training.backbone.drawing.outlines import outline
from training.backbone.drawing.palette import colour, painted, shaded
from training.backbone.drawing.textures import texture

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.backbone.drawing.outlines import Mask
    from training.backbone.drawing.palette import Rgb

LETTERS = "ABCDEFGHKLMNPRSTXZ0123456789-+./"


def surface(rng: np.random.Generator, side_px: int) -> Rgb:
    """One material over the whole picture."""
    return painted(rng, texture(rng, side_px))


def leaves(rng: np.random.Generator, side_px: int) -> Rgb:
    """Dead leaves: shapes of all sizes on top of each other, the small ones last (Lee, Mumford and Huang, 2001)."""
    picture = surface(rng, side_px)
    cloths = [surface(rng, side_px) for _ in range(int(rng.integers(1, 4)))]
    for radius_px in np.sort(side_px * 0.4 * rng.random(int(rng.integers(8, 60))) ** 2 + 2)[::-1]:
        x, y = rng.uniform(0, side_px, 2)
        mask = outline(rng, side_px, x, y, float(radius_px))
        place = around(mask)
        cloth = cloths[int(rng.integers(len(cloths)))][place]
        if rng.random() < 0.8:  # noqa: PLR2004 - most are dyed
            cloth = colour(rng) + (cloth - np.float32(0.5)) * np.float32(rng.uniform(0, 0.6))
        lay(picture[place], mask[place], with_rim(rng, mask[place], cloth))
    return picture


def part(rng: np.random.Generator, side_px: int) -> Rgb:
    """One to three things on a quiet ground, with a shadow, a rim, holes and marks on them."""
    quiet = shaded(rng, colour(rng), 0.2) + (surface(rng, side_px) - 0.5) * np.float32(rng.uniform(0, 0.3))
    picture: Rgb = np.clip(quiet, 0, 1).astype(np.float32)
    for _ in range(int(rng.choice((1, 1, 2, 3)))):
        x, y = rng.uniform(0.25, 0.75, 2) * side_px
        radius_px = rng.uniform(0.2, 0.6) * side_px
        mask = outline(rng, side_px, x, y, radius_px)
        cast_shadow(rng, picture, mask)
        lay(picture, mask, with_rim(rng, mask, surface(rng, side_px)))
        for _ in range(int(rng.integers(0, 9))):
            away = rng.normal(0, 0.4, 2) * radius_px
            size_px = radius_px * rng.uniform(0.03, 0.3)
            inner = np.minimum(mask, outline(rng, side_px, x + away[0], y + away[1], size_px))
            place = around(inner)
            lay(picture[place], inner[place], with_rim(rng, inner[place], colour(rng)))
    return picture


def panels(rng: np.random.Generator, side_px: int) -> Rgb:
    """Fields with edges between them: switch boards, trays, facades."""
    picture = surface(rng, side_px)
    rows, columns = (np.sort(rng.integers(0, side_px, int(rng.integers(1, 7)))) for _ in range(2))
    cloths = [surface(rng, side_px) for _ in range(3)]
    gap = int(rng.integers(0, 4))
    for top, bottom in zip([0, *rows], [*rows, side_px], strict=True):
        for left, right in zip([0, *columns], [*columns, side_px], strict=True):
            field = np.s_[top + gap : bottom, left + gap : right]
            if rng.random() < 0.5:  # noqa: PLR2004 - every other one is plain
                picture[field] = colour(rng)
            else:
                picture[field] = cloths[int(rng.integers(3))][field]
    return picture


def drawing(rng: np.random.Generator, side_px: int) -> Rgb:
    """Lines, arcs, tracks and letters on a ground: circuit boards, labels, plans."""
    ground = colour(rng)
    picture = np.clip(ground + (surface(rng, side_px) - 0.5) * np.float32(rng.uniform(0, 0.3)), 0, 1)
    picture = np.ascontiguousarray(picture, np.float32)
    inks = [colour(rng) for _ in range(int(rng.integers(1, 4)))]
    for _ in range(int(rng.integers(3, 40))):
        stroke(rng, picture, inks[int(rng.integers(len(inks)))])
    return picture


LAYOUTS: tuple[Callable[[np.random.Generator, int], Rgb], ...] = (
    *(surface, surface, leaves, leaves, leaves),
    *(part, part, part, panels, drawing, drawing),
)
"""A kind that stands here more often is drawn more often."""


def around(mask: Mask) -> tuple[slice, slice]:
    """The rows and columns that the mask covers, a pixel more on each side."""
    left, top, width, height = cv2.boundingRect(mask)
    return slice(max(top - 1, 0), top + height + 1), slice(max(left - 1, 0), left + width + 1)


def lay(picture: Rgb, mask: Mask, cloth: Rgb) -> None:
    """Put the cloth on the picture where the mask is."""
    cover = mask.astype(np.float32)[..., None] / np.float32(255)
    picture += cover * (cloth - picture)


def with_rim(rng: np.random.Generator, mask: Mask, cloth: Rgb) -> Rgb:
    """The cloth (or one colour), lit at the mask's edges as if it were thick: a bevel, a bulge, or neither."""
    kind = rng.random()
    if kind < 0.4 or not mask.any():  # noqa: PLR2004 - flat things exist too
        return cloth
    reach_px = float(rng.uniform(1, 4) if kind < 0.8 else rng.uniform(4, 25))  # noqa: PLR2004 - a bevel, or a bulge
    height = np.minimum(cv2.distanceTransform(mask, cv2.DIST_L2, 3), reach_px)
    angle = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * np.cos(angle) + cv2.Sobel(height, cv2.CV_32F, 0, 1) * np.sin(angle)
    return np.asarray(cloth + (np.float32(rng.uniform(0.01, 0.06)) * slope.astype(np.float32))[..., None], np.float32)


def cast_shadow(rng: np.random.Generator, picture: Rgb, mask: Mask) -> None:
    """Darken beside the mask, softly."""
    if rng.random() < 0.4:  # noqa: PLR2004 - light from all sides
        return
    away = np.array([[1, 0, rng.normal(0, 4)], [0, 1, rng.normal(0, 4)]])
    fallen = cv2.GaussianBlur(cv2.warpAffine(mask, away, mask.shape), (0, 0), rng.uniform(1, 8))
    picture *= (1 - np.float32(rng.uniform(0.1, 0.7)) * fallen.astype(np.float32) / np.float32(255))[..., None]


def stroke(rng: np.random.Generator, picture: Rgb, ink: Rgb) -> None:
    """One line, track, ring, pad, letter or curve."""
    side_px, kind = picture.shape[0], int(rng.integers(6))
    x, y = (int(place) for place in rng.integers(0, side_px, 2))
    thick = int(rng.integers(1, max(2, side_px // 25)))
    paint = tuple(float(value) for value in ink)
    if kind == 0:
        end = rng.integers(0, side_px, 2)
        cv2.line(picture, (x, y), (int(end[0]), int(end[1])), paint, thick, cv2.LINE_AA)
    elif kind == 1:
        cv2.polylines(picture, [_track(rng, x, y, side_px)], isClosed=False, color=paint, thickness=thick)
    elif kind == 2:  # noqa: PLR2004 - the third kind
        cv2.circle(picture, (x, y), int(rng.integers(2, side_px // 3)), paint, thick, cv2.LINE_AA)
    elif kind == 3:  # noqa: PLR2004 - the fourth
        cv2.circle(picture, (x, y), int(rng.integers(1, max(2, side_px // 16))), paint, -1, cv2.LINE_AA)
    elif kind == 4:  # noqa: PLR2004 - the fifth
        text = "".join(LETTERS[int(place)] for place in rng.integers(0, len(LETTERS), int(rng.integers(1, 7))))
        font = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)[int(rng.integers(3))]
        page = np.zeros((side_px, side_px), np.uint8)
        cv2.putText(page, text, (x - 20, y), font, float(rng.uniform(0.3, 1.6)), (255,), min(thick, 3), cv2.LINE_AA)
        place = around(page)
        lay(picture[place], page[place], ink)
    else:
        begin, end_angle = (float(one) for one in rng.uniform(0, 360, 2))
        axes = (int(rng.integers(3, side_px // 2)), int(rng.integers(3, side_px // 2)))
        cv2.ellipse(picture, (x, y), axes, float(rng.uniform(0, 180)), begin, end_angle, paint, thick, cv2.LINE_AA)


def _track(rng: np.random.Generator, x: int, y: int, side_px: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """A way in straight and slanting pieces, as on a circuit board."""
    steps = rng.choice([(1, 0), (0, 1), (1, 1), (-1, 0), (0, -1), (1, -1)], int(rng.integers(2, 6)))
    lengths = rng.integers(5, side_px // 2, (len(steps), 1))
    way = np.vstack(([[x, y]], steps * lengths))
    return np.asarray(np.cumsum(way, axis=0), np.int32)


def light_field(rng: np.random.Generator, side_px: int) -> Rgb:
    """How much light falls where, S×S×1 around 1: slopes, vignettes, and sometimes a bright spot."""
    field = 1 + np.float32(rng.uniform(0, 0.5)) * (smooth(rng, side_px, 2) - np.float32(0.5))
    if rng.random() < 0.25:  # noqa: PLR2004 - a lamp is seen now and then
        axis = np.linspace(0, 1, side_px, dtype=np.float32)
        away = np.square(axis[None] - rng.random()) + np.square(axis[:, None] - rng.random())
        field = field + np.float32(rng.uniform(0.1, 0.8)) * np.exp(-away / rng.uniform(0.005, 0.1))
    return np.asarray(field, np.float32)[..., None]
