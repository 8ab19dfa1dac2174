"""What a part's skin is made of, pixel by pixel, before any light falls on it.

A part is drawn in its own coordinates on a `Bed`, which knows how the part lies under the camera (turned a little,
shifted a little), so nothing is ever drawn straight and rotated afterwards: edges stay sharp.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, cast

import cv2
import numpy as np

from lepton.demo.shapes import Field, inside

Rgb: TypeAlias = tuple[float, float, float]  # 0–255
# One line of text: what it says, x of its middle, y of its base line, height of its capitals, in part pixels.
Line: TypeAlias = tuple[str, float, float, float]
TEXT_SCALE = 4  # lettering is drawn this much larger and laid down area-averaged


@dataclass(frozen=True, slots=True)
class Bed:
    """The piece of picture that a part is drawn in, and the part's pose on it."""

    width_px: int
    height_px: int
    turn_rad: float
    shift_px: tuple[float, float]
    u: Field
    v: Field

    @classmethod
    def with_pose(cls, width_px: int, height_px: int, turn_rad: float, shift_px: tuple[float, float]) -> Bed:
        """A bed whose `u`, `v` (H×W float32 pixels) are measured from the part's own centre, along its own axes."""
        x = np.arange(width_px, dtype=np.float32)[None, :] - np.float32((width_px - 1) / 2 + shift_px[0])
        y = np.arange(height_px, dtype=np.float32)[:, None] - np.float32((height_px - 1) / 2 + shift_px[1])
        cosine, sine = np.float32(math.cos(turn_rad)), np.float32(math.sin(turn_rad))
        return cls(width_px, height_px, turn_rad, shift_px, x * cosine + y * sine, y * cosine - x * sine)

    def lay(self, texture: Field) -> Field:
        """Lay a texture, drawn straight around the part's centre, under the part's pose."""
        rows, columns = texture.shape
        cosine, sine = math.cos(self.turn_rad), math.sin(self.turn_rad)
        middle_x, middle_y = (columns - 1) / 2, (rows - 1) / 2
        to_x = (self.width_px - 1) / 2 + self.shift_px[0] - cosine * middle_x + sine * middle_y
        to_y = (self.height_px - 1) / 2 + self.shift_px[1] - sine * middle_x - cosine * middle_y
        matrix = np.array([[cosine, -sine, to_x], [sine, cosine, to_y]], dtype=np.float64)
        size = (self.width_px, self.height_px)
        return cast(Field, cv2.warpAffine(texture, matrix, size, flags=cv2.INTER_LINEAR))

    def lettering(self, lines: tuple[Line, ...], stroke_px: float = 1.6) -> Field:
        """Text laid on the part, H×W float32 coverage 0–1."""
        return self.lay(_page(lines, stroke_px, self.width_px, self.height_px))

    def near(self, x_px: float, y_px: float, reach_px: float) -> tuple[slice, slice]:
        """The rows and columns within `reach_px` of a point of the part: draw there, and leave the rest alone."""
        cosine, sine = math.cos(self.turn_rad), math.sin(self.turn_rad)
        column = (self.width_px - 1) / 2 + self.shift_px[0] + cosine * x_px - sine * y_px
        row = (self.height_px - 1) / 2 + self.shift_px[1] + sine * x_px + cosine * y_px
        rows = slice(max(0, math.floor(row - reach_px)), max(0, math.ceil(row + reach_px) + 1))
        return rows, slice(max(0, math.floor(column - reach_px)), max(0, math.ceil(column + reach_px) + 1))


@dataclass(slots=True)
class Surface:
    """A part's skin under construction; every array is H×W float32 and is drawn into.

    `height` in pixels above the plate, `colour` H×W×3 in 0–255, `metal` and `gloss` 0–1 (how much of the reflection
    is the metal's own, how bright a clear coat mirrors the lamp), `tilt` an extra slope by which a brushed grain
    leans, `cover` 0–1, where there is any part at all.
    """

    height: Field
    colour: Field
    metal: Field
    gloss: Field
    tilt: Field
    cover: Field

    @classmethod
    def blank(cls, bed: Bed, outline: Field, colour: Rgb, metal: float, gloss: float) -> Surface:
        """A flat plate of one material within the outline (a signed distance)."""
        shape = bed.u.shape
        return cls(
            height=np.zeros(shape, np.float32),
            colour=np.broadcast_to(np.asarray(colour, np.float32), (*shape, 3)).copy(),
            metal=np.full(shape, metal, np.float32),
            gloss=np.full(shape, gloss, np.float32),
            tilt=np.zeros(shape, np.float32),
            cover=inside(outline),
        )

    def paint(self, where: Field, colour: Rgb) -> None:
        """Blend a colour in by a 0–1 coverage."""
        self.colour += where[..., None] * (np.asarray(colour, np.float32) - self.colour)

    def dress(self, where: Field, metal: float, gloss: float) -> None:
        """Blend a material in by a 0–1 coverage."""
        self.metal += where * (np.float32(metal) - self.metal)
        self.gloss += where * (np.float32(gloss) - self.gloss)

    def drill(self, distance: Field) -> None:
        """Cut right through, within the outline."""
        self.cover *= 1 - inside(distance)

    def at(self, place: tuple[slice, slice]) -> Surface:
        """The same skin seen through a window: what is drawn into the view is drawn into the whole."""
        rows, columns = place
        return Surface(
            self.height[rows, columns],
            self.colour[rows, columns],
            self.metal[rows, columns],
            self.gloss[rows, columns],
            self.tilt[rows, columns],
            self.cover[rows, columns],
        )


@lru_cache(maxsize=32)
def _page(lines: tuple[Line, ...], stroke_px: float, width_px: int, height_px: int) -> Field:
    """The lettering on a straight page of the bed's size; a part's text never changes, so it is set once."""
    page = np.zeros((height_px * TEXT_SCALE, width_px * TEXT_SCALE), dtype=np.uint8)
    for text, x_px, y_px, tall_px in lines:
        size = tall_px * TEXT_SCALE / 21.0  # OpenCV's capitals are 21 units tall at size 1
        thick = max(1, round(stroke_px * TEXT_SCALE))
        (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
        left = round(page.shape[1] / 2 + x_px * TEXT_SCALE - wide / 2)
        base = round(page.shape[0] / 2 + y_px * TEXT_SCALE)
        cv2.putText(page, text, (left, base), cv2.FONT_HERSHEY_SIMPLEX, size, (255,), thick, cv2.LINE_AA)
    return printed(page.astype(np.float32) / np.float32(255))


def printed(page: Field) -> Field:
    """A page drawn `TEXT_SCALE` times too large, brought to the part's own pixels by area."""
    return cast(Field, cv2.resize(page, None, fx=1 / TEXT_SCALE, fy=1 / TEXT_SCALE, interpolation=cv2.INTER_AREA))
