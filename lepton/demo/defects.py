"""What goes wrong on a line, drawn into a part's skin: scratches, dents, dirt; its features are the part's business.

Each defect has a severity from 0 (a careful person sees it under good light) to 1 (nobody misses it); the sizes behind
it are stated below, in pixels of a 640×480 picture, of which a 224-pixel detector sees between a third and a half.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

import cv2
import numpy as np

from lepton.demo.shapes import Field, disc, inside, slope, slot

if TYPE_CHECKING:
    from lepton.demo.surface import Bed, Rgb, Surface

Defect: TypeAlias = Literal["scratch", "dent", "missing", "wrong", "contamination"]
DEFECTS: Final[tuple[Defect, ...]] = ("scratch", "dent", "missing", "wrong", "contamination")
SCRATCH_LENGTH_PX = (40.0, 170.0)
SCRATCH_BREADTH_PX = (1.4, 3.0)
DENT_RADIUS_PX = (7.0, 17.0)
DENT_DEPTH_PX = (1.6, 7.0)
STAIN_RADIUS_PX = (11.0, 34.0)
BLOB_RADIUS_PX = (5.0, 14.0)
FIBRE_LENGTH_PX = (50.0, 170.0)
STROKE_PIECES = 10  # straight pieces that make a bent line look bent
BARE_METAL: Rgb = (246.0, 246.0, 244.0)
WHITENED: Rgb = (250.0, 226.0, 206.0)
OIL: Rgb = (74.0, 56.0, 34.0)
SWARF: Rgb = (30.0, 30.0, 32.0)


def scratch(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    """A groove with a thrown-up burr, slightly bent, which begins and ends in nothing."""
    length_px, middle = _between(SCRATCH_LENGTH_PX, severity), _spot(bed, skin, rng, 8)
    line, along = _stroke(bed, middle, float(rng.uniform(0, math.pi)), length_px, float(rng.normal(0, 0.3)))
    place = bed.near(*middle, length_px / 2 + 12)
    pressed = np.sqrt(np.clip(1 - (2 * along - 1) ** 2, 0, 1)) * np.float32(rng.uniform(0.8, 1.0))
    breadth = np.float32(_between(SCRATCH_BREADTH_PX, severity)) * pressed
    groove = inside(line - breadth / 2, 1.4) * pressed
    burr = inside(np.abs(line - breadth) - np.float32(0.6), 1.4) * pressed
    fresh = BARE_METAL if _is_metal(skin) else WHITENED
    there = skin.at(place)
    there.height += np.float32(0.5 + 0.7 * severity) * (np.float32(0.8) * burr - np.float32(1.5) * groove)
    there.paint(groove * np.float32(0.35 + 0.6 * severity), fresh)


def dent(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    """A blow that pushed the skin in, with the shallow wall it raised around."""
    x_px, y_px = _spot(bed, skin, rng, 14)
    radius_px, lean = _between(DENT_RADIUS_PX, severity), float(rng.uniform(0, math.pi))
    long = (bed.u - x_px) * math.cos(lean) + (bed.v - y_px) * math.sin(lean)
    short = (bed.v - y_px) * math.cos(lean) - (bed.u - x_px) * math.sin(lean)
    stretch = float(rng.uniform(1.0, 1.5))
    away = np.hypot(long / np.float32(stretch), short) / np.float32(radius_px)
    bowl = np.exp(-(away**2)) - np.float32(0.22) * np.exp(-((away - np.float32(1.7)) ** 2) / np.float32(0.25))
    skin.height -= np.float32(_between(DENT_DEPTH_PX, severity)) * bowl * (away < 3)  # noqa: PLR2004 - bowl is flat there


def contamination(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    """Oil, a splash of something solid, or a fibre: what a line's air and hands leave behind."""
    draw = (_stain, _blob, _fibre)[int(rng.integers(3))]
    draw(bed, skin, rng, severity)


def _stain(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    x_px, y_px = _spot(bed, skin, rng, 12)
    radius_px = _between(STAIN_RADIUS_PX, severity)
    wobble = cv2.GaussianBlur(rng.standard_normal(bed.u.shape, dtype=np.float32), (0, 0), radius_px / 3)
    edge = disc(bed.u, bed.v, x_px, y_px, radius_px * 0.8) + wobble / wobble.std() * np.float32(radius_px * 0.22)
    edge[disc(bed.u, bed.v, x_px, y_px, radius_px * 1.6) > 0] = np.float32(radius_px)
    film = inside(edge, 9.0)
    rim = inside(np.abs(edge + 2) - 1.5, 4.0)
    skin.paint(film * np.float32(0.22 + 0.40 * severity) + rim * np.float32(0.12), OIL)
    skin.gloss += film * np.float32(0.25)
    skin.tilt *= 1 - film * np.float32(0.7)


def _blob(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    x_px, y_px = _spot(bed, skin, rng, 12)
    radius_px = _between(BLOB_RADIUS_PX, severity)
    lump = disc(bed.u, bed.v, x_px, y_px, radius_px)
    for _ in range(3):
        dx, dy = (float(away) for away in rng.normal(0, radius_px * 0.8, 2))
        lump = np.minimum(lump, disc(bed.u, bed.v, x_px + dx, y_px + dy, radius_px * float(rng.uniform(0.3, 0.6))))
    where = inside(lump, 1.5)
    skin.paint(where * np.float32(0.9), SWARF if _is_pale(skin) else (206, 200, 184))
    skin.dress(where, 0.0, 0.5)
    skin.height += np.float32(radius_px * 0.5) * slope(lump, radius_px * 0.8)


def _fibre(bed: Bed, skin: Surface, rng: np.random.Generator, severity: float) -> None:
    bend = float(rng.choice((-1.0, 1.0)) * rng.uniform(1.2, 3.0))
    length_px, middle = _between(FIBRE_LENGTH_PX, severity), _spot(bed, skin, rng, 10)
    line, _ = _stroke(bed, middle, float(rng.uniform(0, 2 * math.pi)), length_px, bend)
    there = skin.at(bed.near(*middle, length_px / 2 + 12))
    hair = inside(line - np.float32(0.6 + 0.7 * severity), 1.4)
    there.colour *= 1 - np.float32(0.25) * inside(line - 3, 4)[..., None]
    there.paint(hair * np.float32(0.55 + 0.4 * severity), (36, 34, 40) if _is_pale(skin) else (228, 228, 224))
    there.dress(hair, 0.0, 0.0)


def _between(span: tuple[float, float], severity: float) -> float:
    return span[0] + (span[1] - span[0]) * severity


def _spot(bed: Bed, skin: Surface, rng: np.random.Generator, margin_px: int) -> tuple[float, float]:
    """A place on solid material, at least `margin_px` from any edge or hole, in the part's coordinates."""
    solid = cast(
        Field, cv2.erode(skin.cover, np.ones((2 * margin_px + 1, 2 * margin_px + 1), np.uint8), borderValue=(0,))
    )
    rows, columns = np.nonzero(solid > 0.9)  # noqa: PLR2004 - nearly wholly covered
    pick = int(rng.random() * len(rows))
    return float(bed.u[rows[pick], columns[pick]]), float(bed.v[rows[pick], columns[pick]])


def _stroke(
    bed: Bed, middle: tuple[float, float], heading: float, length_px: float, bend: float
) -> tuple[Field, Field]:
    """An arc that turns by `bend` radians over its length: the distance to it and how far along it (0–1) one stands.

    Both cover `bed.near(*middle, length_px / 2 + 12)` only.
    """
    place = bed.near(*middle, length_px / 2 + 12)
    u, v = bed.u[place], bed.v[place]
    headings = heading + bend * (np.arange(STROKE_PIECES) / (STROKE_PIECES - 1) - 0.5)
    steps = np.stack((np.cos(headings), np.sin(headings)), axis=1) * (length_px / STROKE_PIECES)
    points = np.vstack((np.zeros((1, 2)), np.cumsum(steps, axis=0)))
    points += np.array(middle) - points[STROKE_PIECES // 2]
    away, along = np.full(u.shape, np.inf, np.float32), np.zeros(u.shape, np.float32)
    for number, ((x1, y1), (x2, y2)) in enumerate(pairwise(points.tolist())):
        piece = slot(u, v, (x1, y1), (x2, y2), 0)
        is_nearer = piece < away
        away = np.where(is_nearer, piece, away)
        share = np.clip(((u - x1) * (x2 - x1) + (v - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2), 0, 1)
        along = np.where(is_nearer, (number + share) / STROKE_PIECES, along).astype(np.float32)
    return away, along


def _is_metal(skin: Surface) -> bool:
    return bool(np.median(skin.metal[skin.cover > 0]) > 0.5)  # noqa: PLR2004 - more metal than not


def _is_pale(skin: Surface) -> bool:
    return bool(np.median(skin.colour[skin.cover > 0]) > 90)  # noqa: PLR2004 - a third of the way to white
