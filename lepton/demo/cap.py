"""A moulded plastic cap: a knurled skirt, a raised rim, spokes around a hub, and the scar where the plastic came in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lepton.demo.shapes import Field, disc, inside, ring, slope, slot
from lepton.demo.surface import Bed, Surface

if TYPE_CHECKING:
    from lepton.demo.change import FeatureChange

RADIUS_PX = 178.0
PLASTIC = (226.0, 92.0, 24.0)
KNURLS = 64  # around the skirt
SPOKES = 8
SPOKE_FROM_PX, SPOKE_TO_PX = 50.0, 112.0


def cap(bed: Bed, rng: np.random.Generator, change: FeatureChange | None) -> Surface:
    """One cap on its bed; `change` leaves a spoke out or punches a hole where none belongs."""
    u, v = bed.u, bed.v
    outline = disc(u, v, 0, 0, RADIUS_PX)
    moulded = Surface.blank(bed, outline, PLASTIC, metal=0.0, gloss=0.85)
    moulded.colour *= np.float32(rng.uniform(0.97, 1.03))
    _skirt(u, v, outline, moulded)
    _rings(u, v, moulded)
    for turn_rad in _spokes(rng, change):
        _spoke(bed, moulded, turn_rad)
    _hub(bed, moulded, rng)
    _skin(bed, moulded, rng)
    if change is not None and not change.is_missing:
        turn = 2 * math.pi * (math.floor(change.pick * SPOKES) + 0.5) / SPOKES
        hole = disc(u, v, 86 * math.cos(turn), 86 * math.sin(turn), 12)
        moulded.height -= 3 * slope(hole - 4, 5)
        moulded.drill(hole)
    return moulded


def _skirt(u: Field, v: Field, outline: Field, moulded: Surface) -> None:
    """The grip: ribs all around, and the round shoulder above them."""
    moulded.height += 16 * slope(outline, 26)
    band = slope(ring(u, v, 0, 0, 167, 26), 7)
    moulded.height += band * np.cos(np.arctan2(v, u) * np.float32(KNURLS)) * np.float32(2.4)


def _rings(u: Field, v: Field, moulded: Surface) -> None:
    """The rim that stands up around the floor, and the floor's fine step."""
    moulded.height += 7 * slope(ring(u, v, 0, 0, 133, 24), 9)
    moulded.height -= 5 * slope(disc(u, v, 0, 0, 122), 8)


def _spokes(rng: np.random.Generator, change: FeatureChange | None) -> list[float]:
    play = rng.normal(0, 0.003, SPOKES)
    spokes = [2 * math.pi * n / SPOKES + float(play[n]) for n in range(SPOKES)]
    if change is not None and change.is_missing:
        del spokes[int(change.pick * SPOKES)]
    return spokes


def _spoke(bed: Bed, moulded: Surface, turn_rad: float) -> None:
    x, y = math.cos(turn_rad), math.sin(turn_rad)
    middle_px = (SPOKE_FROM_PX + SPOKE_TO_PX) / 2
    place = bed.near(middle_px * x, middle_px * y, SPOKE_TO_PX - middle_px + 10)
    start, end = (SPOKE_FROM_PX * x, SPOKE_FROM_PX * y), (SPOKE_TO_PX * x, SPOKE_TO_PX * y)
    moulded.at(place).height += 5 * slope(slot(bed.u[place], bed.v[place], start, end, 7.5), 7)


def _hub(bed: Bed, moulded: Surface, rng: np.random.Generator) -> None:
    """The raised middle with its lettering, and the gate's scar, which is never twice the same."""
    moulded.height += 6 * slope(disc(bed.u, bed.v, 0, 0, 52), 9)
    moulded.height += 2.2 * bed.lettering((("LEPTON", 0, -10, 10), ("38-400", 0, 24, 9)), stroke_px=1.8)
    scar = disc(
        bed.u, bed.v, float(rng.normal(0, 0.6)), 4 + float(rng.normal(0, 0.6)), 4 + float(rng.uniform(-0.5, 0.5))
    )
    moulded.height += 1.5 * slope(scar, 3)
    moulded.paint(inside(scar, 2) * np.float32(0.25), (255, 170, 110))


def _skin(bed: Bed, moulded: Surface, rng: np.random.Generator) -> None:
    """The mould's fine spark-eroded grain."""
    noise = rng.standard_normal((bed.height_px, bed.width_px), dtype=np.float32)
    moulded.height += noise * np.float32(0.10)
    moulded.tilt += noise * np.float32(0.012)
