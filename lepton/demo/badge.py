"""A printed board: green solder mask over copper, gilt pads, chips with their legs, white lettering."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from lepton.demo.shapes import Field, disc, inside, plate, slope
from lepton.demo.surface import TEXT_SCALE, Bed, Rgb, Surface, printed

if TYPE_CHECKING:
    from lepton.demo.change import FeatureChange

WIDTH_PX, HEIGHT_PX = 404, 308
MASK = (16.0, 74.0, 50.0)
COPPER_UNDER_MASK = (34.0, 112.0, 74.0)
GILT = (236.0, 190.0, 96.0)
BARE = (150.0, 132.0, 84.0)
CASE = (38.0, 38.0, 42.0)
TIN = (204.0, 206.0, 210.0)
HOLES_PX = ((-178.0, -130.0), (178.0, -130.0), (-178.0, 130.0), (178.0, 130.0))
# Two-legged parts: x, y of the middle, whether it stands upright.
PASSIVES_PX = (
    (-150.0, -62.0, True),
    (-128.0, -62.0, True),
    (-106.0, -62.0, True),
    (96.0, -96.0, False),
    (96.0, -74.0, False),
    (-150.0, 92.0, False),
    (-112.0, 92.0, False),
    (92.0, 92.0, True),
    (114.0, 92.0, True),
)
WRONG_PLACES_PX = ((-74.0, -92.0), (78.0, 62.0), (-166.0, 56.0), (164.0, -66.0))
ARTWORK_SEED = 11  # the copper is laid out once, the same on every board


@dataclass(frozen=True, slots=True)
class Chip:
    """A black case: its type, middle, size, and legs along each long side."""

    name: str
    x_px: float
    y_px: float
    wide_px: float
    tall_px: float
    legs: int


CHIPS = (Chip("LE40", 8, -4, 96, 96, 9), Chip("A7", -112, 22, 62, 44, 5))


def badge(bed: Bed, rng: np.random.Generator, change: FeatureChange | None) -> Surface:
    """One board on its bed; `change` leaves a small part unplaced or drills a hole where none belongs."""
    outline = plate(bed.u, bed.v, 0, 0, WIDTH_PX, HEIGHT_PX, 14)
    board = Surface.blank(bed, outline, MASK, metal=0.0, gloss=0.55)
    board.height += 1.5 * slope(outline, 3)
    board.colour *= np.float32(rng.uniform(0.96, 1.04))
    _copper(bed, board)
    _letters(bed, board)
    _fingers(bed, board)
    missing = int(change.pick * len(PASSIVES_PX)) if change is not None and change.is_missing else None
    for number, (x_px, y_px, upright) in enumerate(PASSIVES_PX):
        dx, dy = (float(play) for play in rng.normal(0, 0.6, 2))
        _lands(bed, board, x_px, y_px, upright=upright)
        if number != missing:
            _passive(bed, board, x_px + dx, y_px + dy, upright=upright)
    for chip in CHIPS:
        _chip(bed, board, chip, (float(rng.normal(0, 0.5)), float(rng.normal(0, 0.5))))
    _can(bed, board, 122.0 + float(rng.normal(0, 0.5)), 8.0)
    for x_px, y_px in HOLES_PX:
        _plated_hole(bed, board, x_px, y_px)
    if change is not None and not change.is_missing:
        x_px, y_px = WRONG_PLACES_PX[int(change.pick * len(WRONG_PLACES_PX))]
        _bare_hole(bed, board, x_px, y_px)
    return board


def _copper(bed: Bed, board: Surface) -> None:
    """Tracks under the mask, each a bent line with a via at its end."""
    tracks, vias, drills = (bed.lay(page) for page in _layout(bed.width_px, bed.height_px))
    board.paint(tracks, COPPER_UNDER_MASK)
    board.height += 0.5 * tracks
    board.paint(vias * np.float32(0.8), BARE)
    board.paint(drills, (20, 24, 22))


@lru_cache(maxsize=4)
def _layout(width_px: int, height_px: int) -> tuple[Field, Field, Field]:
    """The board's artwork on straight pages of the bed's size: tracks, vias, and the vias' drilled middles, 0–1."""
    pages = [np.zeros((height_px * TEXT_SCALE, width_px * TEXT_SCALE), np.float32) for _ in range(3)]
    layout = np.random.default_rng(ARTWORK_SEED)
    for _ in range(30):
        x, y = int(layout.integers(-22, 16)) * 8, int(layout.integers(-16, 16)) * 8
        run, bend = int(layout.integers(4, 12)) * 8, int(layout.integers(-5, 6)) * 8
        end = x + run + abs(bend), y + bend
        if abs(end[0]) > WIDTH_PX / 2 - 20 or abs(end[1]) > HEIGHT_PX / 2 - 30:
            continue
        bends = [(x, y), (x + run, y), end]
        points = np.array([_on_page(pages[0], *point) for point in bends], np.int32)
        cv2.polylines(pages[0], [points], isClosed=False, color=(1.0,), thickness=13, lineType=cv2.LINE_AA)
        for at in (bends[0], end):
            cv2.circle(pages[1], _on_page(pages[1], *at), 19, (1.0,), -1, cv2.LINE_AA)
            cv2.circle(pages[2], _on_page(pages[2], *at), 7, (1.0,), -1, cv2.LINE_AA)
    return printed(pages[0]), printed(pages[1]), printed(pages[2])


def _on_page(page: Field, x_px: float, y_px: float) -> tuple[int, int]:
    return round(page.shape[1] / 2 + x_px * TEXT_SCALE), round(page.shape[0] / 2 + y_px * TEXT_SCALE)


def _letters(bed: Bed, board: Surface) -> None:
    ink = bed.lettering((("LEPTON EDGE", -2, -118, 15), ("REV C", 132, -42, 9), ("U1", -112, -10, 8)), stroke_px=1.5)
    board.paint(ink * np.float32(0.92), (226, 230, 224))


def _fingers(bed: Bed, board: Surface) -> None:
    """The gilt contacts along the lower edge."""
    for x_px in range(-98, 99, 14):
        place = bed.near(x_px, 134, 20)
        pad = plate(bed.u[place], bed.v[place], x_px, 134, 9, 30, 1.5)
        _metal(board.at(place), pad, GILT, 0.6)


def _metal(board: Surface, outline: Field, colour: Rgb, lift_px: float) -> None:
    where = inside(outline)
    board.paint(where, colour)
    board.dress(where, 0.9, 0.1)
    board.height += lift_px * slope(outline, 2)


def _box(
    x_px: float, y_px: float, long_px: float, short_px: float, *, upright: bool
) -> tuple[float, float, float, float]:
    return (x_px, y_px, short_px, long_px) if upright else (x_px, y_px, long_px, short_px)


def _lands(bed: Bed, board: Surface, x_px: float, y_px: float, *, upright: bool) -> None:
    """The two soldered pads that wait for a small part."""
    place = bed.near(x_px, y_px, 26)
    for side in (-12.0, 12.0):
        x, y = (x_px, y_px + side) if upright else (x_px + side, y_px)
        land = plate(bed.u[place], bed.v[place], *_box(x, y, 13, 15, upright=upright), 2)
        _metal(board.at(place), land, TIN, 0.8)


def _passive(bed: Bed, board: Surface, x_px: float, y_px: float, *, upright: bool) -> None:
    """A resistor: a dark body between two tinned caps."""
    place = bed.near(x_px, y_px, 22)
    u, v, there = bed.u[place], bed.v[place], board.at(place)
    _metal(there, plate(u, v, *_box(x_px, y_px, 30, 14, upright=upright), 1.5), TIN, 5)
    body = inside(plate(u, v, *_box(x_px, y_px, 17, 14, upright=upright), 0.5))
    there.paint(body, CASE)
    there.dress(body, 0.0, 0.15)


def _chip(bed: Bed, board: Surface, chip: Chip, play_px: tuple[float, float]) -> None:
    """A black case with a row of tinned legs above and below, a dot at the first, and its type."""
    x_px, y_px = chip.x_px + play_px[0], chip.y_px + play_px[1]
    pitch = (chip.wide_px - 14) / (chip.legs - 1)
    for n in range(chip.legs):
        for side in (-1, 1):
            foot_x, foot_y = x_px + (n - (chip.legs - 1) / 2) * pitch, y_px + side * (chip.tall_px / 2 + 5)
            place = bed.near(foot_x, foot_y, 11)
            foot = plate(bed.u[place], bed.v[place], foot_x, foot_y, 5, 14, 1)
            _metal(board.at(place), foot, TIN, 1.5)
    place = bed.near(x_px, y_px, max(chip.wide_px, chip.tall_px) / 2 + 6)
    u, v, there = bed.u[place], bed.v[place], board.at(place)
    case = plate(u, v, x_px, y_px, chip.wide_px, chip.tall_px, 3)
    _cover_up(there, case, CASE, metal=0.0, gloss=0.18)
    there.height += 9 * slope(case, 6)
    dot = disc(u, v, x_px - chip.wide_px / 2 + 12, y_px + chip.tall_px / 2 - 12, 3.5)
    there.height -= 1.5 * slope(dot, 2)
    ink = bed.lettering(((chip.name, chip.x_px, chip.y_px + 5, 11),), stroke_px=1.2)
    board.paint(ink * np.float32(0.6), (150, 150, 150))


def _cover_up(board: Surface, outline: Field, colour: Rgb, *, metal: float, gloss: float) -> None:
    """A body that stands on the board and hides what lies under it."""
    where = inside(outline)
    board.height *= 1 - where
    board.paint(where, colour)
    board.dress(where, metal, gloss)


def _can(bed: Bed, board: Surface, x_px: float, y_px: float) -> None:
    """A crystal in its drawn metal can."""
    place = bed.near(x_px, y_px, 38)
    there, can = board.at(place), plate(bed.u[place], bed.v[place], x_px, y_px, 64, 38, 18)
    _cover_up(there, can, TIN, metal=0.9, gloss=0.1)
    there.height += 9 * slope(can, 7)
    there.height -= 1.2 * slope(can + 10, 3)


def _plated_hole(bed: Bed, board: Surface, x_px: float, y_px: float) -> None:
    place = bed.near(x_px, y_px, 20)
    _metal(board.at(place), disc(bed.u[place], bed.v[place], x_px, y_px, 15), GILT, 0.8)
    board.at(place).drill(disc(bed.u[place], bed.v[place], x_px, y_px, 9))


def _bare_hole(bed: Bed, board: Surface, x_px: float, y_px: float) -> None:
    """A hole drilled through mask and glass: a pale torn rim, no plating."""
    place = bed.near(x_px, y_px, 20)
    there, u, v = board.at(place), bed.u[place], bed.v[place]
    there.paint(inside(disc(u, v, x_px, y_px, 12.5), 3), (120, 128, 92))
    there.drill(disc(u, v, x_px, y_px, 9))
