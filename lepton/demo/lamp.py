"""How light falls on a part: height to slope to brightness, by looking the slope up in a picture of the room.

The lamp is a soft box above and to the left with a ring around the lens, as over many inspection stations. A polished
or brushed surface mirrors that room; its picture, indexed by the surface's tilt, is known to artists as a *matcap*.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from lepton.demo.shapes import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lepton.demo.surface import Surface

ROOM_SIDE = 257  # samples per side of the mirrored room; slopes -1…1 map onto it
PERSPECTIVE = np.float32(0.16)  # how much the view leans from the picture's middle to its edge
FROM_LAMP = (
    np.float32(-0.36),
    np.float32(-0.42),
    np.float32(0.83),
)  # unit vector towards the soft box: left, up, towards the lens


def lit(surface: Surface) -> NDArray[np.uint8]:
    """The part as the camera would see it on a black ground: H×W×4 uint8 RGBA, straight alpha."""
    across, along = _tilt(surface)
    steep = np.sqrt(1 - across * across - along * along)
    matte = np.maximum(across * FROM_LAMP[0] + along * FROM_LAMP[1] + steep * FROM_LAMP[2], 0) * np.float32(1.12)
    rooms = [_mirrored(room, across, along) for room in (_brushed_room(), _glossy_room())]
    body = matte + surface.metal * (rooms[0] - matte)
    body *= _crevices(surface.height)
    colour = surface.colour * body[..., None]
    colour += (surface.gloss * rooms[1] * np.float32(255))[..., None]
    picture = np.empty((*surface.cover.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.clip(colour, 0, 255)
    picture[..., 3] = surface.cover * 255
    return picture


def _tilt(surface: Surface) -> tuple[Field, Field]:
    """The unit normal's x and y, with the lens's perspective added; their square sum stays below one."""
    rows, columns = surface.height.shape
    across = -cast(Field, cv2.Sobel(surface.height, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8))
    along = surface.tilt - cast(Field, cv2.Sobel(surface.height, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    across += np.linspace(-PERSPECTIVE, PERSPECTIVE, columns, dtype=np.float32)[None, :]
    along += np.linspace(-PERSPECTIVE, PERSPECTIVE, rows, dtype=np.float32)[:, None]
    length = np.sqrt(1 + across * across + along * along)
    return across / length, along / length


def _mirrored(room: Field, across: Field, along: Field) -> Field:
    half = np.float32((ROOM_SIDE - 1) / 2)
    return cast(Field, cv2.remap(room, across * half + half, along * half + half, cv2.INTER_LINEAR))


def _crevices(height: Field) -> Field:
    """Corners and grooves see less of the room: 1 on open ground, down to 0.45 in a narrow depth."""
    around = cast(Field, cv2.boxFilter(height, -1, (15, 15)))
    open_sky: Field = np.clip(1 - np.float32(0.16) * np.maximum(around - height, 0), np.float32(0.45), 1)
    return open_sky


def _grid() -> tuple[Field, Field]:
    line = np.linspace(-1, 1, ROOM_SIDE, dtype=np.float32)
    return line[None, :], line[:, None]


def _glow(x: float, y: float, wide: float, tall: float) -> Field:
    across, along = _grid()
    away = ((across - np.float32(x)) / np.float32(wide)) ** 2 + ((along - np.float32(y)) / np.float32(tall)) ** 2
    glow: Field = np.exp(-away / 2)
    return glow


@cache
def _brushed_room() -> Field:
    """The room as brushed metal mirrors it: a bright ceiling, the soft box, a fill strip, a dark horizon."""
    across, along = _grid()
    rim = np.clip((np.hypot(across, along) - np.float32(0.45)) / np.float32(0.5), 0, 1)
    room = 0.44 + 0.40 * _glow(-0.08, -0.10, 0.20, 0.17) + 0.75 * _glow(-0.42, -0.46, 0.20, 0.16)
    room += 0.25 * _glow(0.52, 0.12, 0.10, 0.40) - 0.30 * rim
    return cast(Field, room.astype(np.float32))


@cache
def _glossy_room() -> Field:
    """The room as a clear coat mirrors it: a sharp soft box and the thin ring around the lens."""
    across, along = _grid()
    ring = np.exp(-(((np.hypot(across, along) - np.float32(0.34)) / np.float32(0.035)) ** 2) / 2)
    room = 0.85 * _glow(-0.26, -0.30, 0.085, 0.06) + 0.16 * ring + 0.05
    return cast(Field, room.astype(np.float32))
