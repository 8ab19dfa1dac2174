"""A stamped steel bracket: brushed sheet with a pressed collar, countersunk holes, slots, ribs and a marked number."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from lepton.demo.shapes import Field, disc, inside, plate, ring, slope, slot
from lepton.demo.surface import Bed, Surface

if TYPE_CHECKING:
    from lepton.demo.change import FeatureChange

WIDTH_PX, HEIGHT_PX = 408, 312
STEEL = (205.0, 209.0, 214.0)
WALL = (70.0, 72.0, 76.0)
HOLES_PX = ((-160.0, -112.0), (160.0, -112.0), (-160.0, 112.0), (160.0, 112.0))
HOLE_RADIUS_PX, SINK_RADIUS_PX = 18.0, 29.0
SLOTS_PX = (-112.0, 112.0)
DEEPER = 0.975  # the lens sees a hole's lower edge nearer to the picture's middle than its upper one
CODE_SEED, CODE_CELL_PX = 40, 3
WRONG_PLACES_PX = ((-77.0, -58.0), (-160.0, -30.0), (160.0, 34.0), (-60.0, 128.0), (104.0, -72.0))


def bracket(bed: Bed, rng: np.random.Generator, change: FeatureChange | None) -> Surface:
    """One bracket on its bed; `change` takes one hole away or drills one where none belongs."""
    u, v = bed.u, bed.v
    outline = np.maximum(plate(u, v, 0, 0, WIDTH_PX, HEIGHT_PX, 30), -disc(u, v, 0, HEIGHT_PX / 2 + 6, 26))
    steel = Surface.blank(bed, outline, STEEL, metal=1.0, gloss=0.0)
    steel.height += 5 * slope(outline, 9)
    _brush(bed, steel, rng)
    _press(bed, steel)
    _mark(bed, steel)
    holes = _holes(rng, change)
    for x_px, y_px in holes:
        place = bed.near(x_px, y_px, SINK_RADIUS_PX + 4)
        _sink(u[place], v[place], steel.at(place), x_px, y_px)
    for x_px in SLOTS_PX:
        place, below = bed.near(x_px, 0, 52), x_px * DEEPER
        _cut(
            steel.at(place),
            slot(u[place], v[place], (x_px, -34), (x_px, 34), 12),
            slot(u[place], v[place], (below, -33), (below, 33), 12),
        )
    place = bed.near(0, 0, 52)
    _cut(steel.at(place), disc(u[place], v[place], 0, 0, 46), disc(u[place], v[place], 0, 0, 43))
    return steel


def _holes(rng: np.random.Generator, change: FeatureChange | None) -> list[tuple[float, float]]:
    play = rng.normal(0, 0.5, (len(HOLES_PX), 2))
    holes = [(x + float(dx), y + float(dy)) for (x, y), (dx, dy) in zip(HOLES_PX, play, strict=True)]
    if change is None:
        return holes
    if change.is_missing:
        del holes[int(change.pick * len(holes))]
    else:
        holes.append(WRONG_PLACES_PX[int(change.pick * len(WRONG_PLACES_PX))])
    return holes


def _brush(bed: Bed, steel: Surface, rng: np.random.Generator) -> None:
    """The grain of the sheet: long fine lines along the part, which lean the mirror a little and vary its tone."""
    rows, columns = bed.height_px + 48, bed.width_px + 48
    noise = rng.standard_normal((rows, columns), dtype=np.float32)
    long = cv2.boxFilter(cv2.boxFilter(noise, -1, (91, 1)), -1, (61, 1))
    short = cv2.boxFilter(noise, -1, (23, 1))
    grain = bed.lay(long / long.std() * np.float32(0.65) + short / short.std() * np.float32(0.35))
    steel.tilt += grain * np.float32(0.055 * rng.uniform(0.85, 1.15))
    steel.colour *= (1 + grain * np.float32(0.022))[..., None]
    steel.colour *= np.float32(rng.uniform(0.97, 1.03))


def _press(bed: Bed, steel: Surface) -> None:
    """What the press lifts: a collar around the bore and a stiffening rib on either side of it."""
    place = bed.near(0, 0, 76)
    steel.at(place).height += 6 * slope(ring(bed.u[place], bed.v[place], 0, 0, 58, 24), 9)
    for y_px in (-104.0, 104.0):
        place = bed.near(0, y_px, 102)
        steel.at(place).height += 5 * slope(slot(bed.u[place], bed.v[place], (-82, y_px), (82, y_px), 15), 10)


def _mark(bed: Bed, steel: Surface) -> None:
    """The laser's dark lettering and a grid code, which every part of the lot carries alike."""
    ink = bed.lettering((("LE-40", 70, -60, 15), ("LOT 7A", -72, 74, 12)), stroke_px=1.7)
    ink = np.maximum(ink, bed.lay(_code(bed.width_px, bed.height_px)))
    steel.paint(ink * np.float32(0.72), (58, 56, 60))


@lru_cache(maxsize=4)
def _code(width_px: int, height_px: int) -> Field:
    """A grid of dark cells with an L-shaped border, as a straight page of the bed's size."""
    dark = np.random.default_rng(CODE_SEED).integers(0, 2, (10, 10)).astype(np.float32)
    dark[:, 0] = dark[-1, :] = 1
    cells = dark.repeat(CODE_CELL_PX, axis=0).repeat(CODE_CELL_PX, axis=1)
    page = np.zeros((height_px, width_px), np.float32)
    top, left = page.shape[0] // 2 + 47, page.shape[1] // 2 + 54
    page[top : top + cells.shape[0], left : left + cells.shape[1]] = cells
    return page


def _sink(u: Field, v: Field, steel: Surface, x_px: float, y_px: float) -> None:
    """A countersunk screw hole: a bright cone, and the wall that the lens sees on the far side."""
    cone = disc(u, v, x_px, y_px, SINK_RADIUS_PX)
    near = inside(cone)
    steel.height -= np.clip(-cone, 0, SINK_RADIUS_PX - HOLE_RADIUS_PX) * np.float32(0.55)
    steel.tilt *= 1 - near
    _cut(steel, disc(u, v, x_px, y_px, HOLE_RADIUS_PX), disc(u, v, x_px * DEEPER, y_px * DEEPER, HOLE_RADIUS_PX))


def _cut(steel: Surface, top: Field, bottom: Field) -> None:
    """Cut through; where the lower edge juts out under the upper one, the sheared wall is seen."""
    wall = inside(top) * (1 - inside(bottom, 2))
    steel.paint(wall, WALL)
    steel.drill(np.maximum(top, bottom))
