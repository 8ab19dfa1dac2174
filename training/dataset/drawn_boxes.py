"""Boxes as text in a manifest's cell: `x y width height label`, several parted by semicolons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from training.dataset.sample import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

BETWEEN = ";"
_NUMBERS = 4


def boxes_in(cell: str, label: str) -> tuple[Box, ...]:
    """The boxes that a cell tells of.

    Args:
        cell: as above; may be empty.
        label: the class of a box that names none.

    Raises:
        BadInputError: no four numbers, or a box without width or height.
    """
    return tuple(_box(one, label) for one in cell.split(BETWEEN)) if cell.strip() else ()


def boxes_text(boxes: Sequence[Box]) -> str:
    """The cell for boxes.

    Raises:
        BadInputError: a class with a semicolon in its name.
    """
    if strange := [one.label for one in boxes if BETWEEN in one.label]:
        raise BadInputError(f"wanted classes without a semicolon for a manifest, found {strange[0]!r}; rename it")
    return f"{BETWEEN} ".join(
        f"{one.x_px:.10g} {one.y_px:.10g} {one.width_px:.10g} {one.height_px:.10g} {one.label}".rstrip()
        for one in boxes
    )


def checked_box(x_px: float, y_px: float, width_px: float, height_px: float, label: str) -> Box:
    """A box whose numbers make sense.

    Raises:
        BadInputError: a number that is not finite, or no area.
    """
    if not (all(map(math.isfinite, (x_px, y_px, width_px, height_px))) and width_px > 0 and height_px > 0):
        raise BadInputError(
            f"wanted a box with a width and a height above zero, found {x_px:g} {y_px:g} {width_px:g} {height_px:g}; "
            "draw it again"
        )
    return Box(x_px, y_px, width_px, height_px, label)


def within(box: Box, width_px: int, height_px: int) -> Box:
    """The part of a box that lies in a picture of that size; annotation tools let boxes hang over by a little.

    Raises:
        BadInputError: all of it lies outside.
    """
    left, top = max(box.x_px, 0.0), max(box.y_px, 0.0)
    right, bottom = min(box.x_px + box.width_px, float(width_px)), min(box.y_px + box.height_px, float(height_px))
    if right <= left or bottom <= top:
        raise BadInputError(
            f"wanted boxes inside the picture of {width_px}×{height_px} px, found one at {box.x_px:g} {box.y_px:g} of "
            f"{box.width_px:g}×{box.height_px:g} px; draw it again"
        )
    return Box(left, top, right - left, bottom - top, box.label)


def _box(text: str, label: str) -> Box:
    words = text.split(maxsplit=_NUMBERS)
    try:
        x_px, y_px, width_px, height_px = map(float, words[:_NUMBERS])
    except ValueError:
        raise BadInputError(f"wanted boxes as 'x y width height label', found {text.strip()!r}") from None
    return checked_box(x_px, y_px, width_px, height_px, words[_NUMBERS].strip() if len(words) > _NUMBERS else label)
