"""A mask looked at before its model is loaded: one that cannot be used is a mistake of today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.capture.source import KINDS, build_source
from edge_runtime.frames import Frame
from edge_runtime.inspection.masking import Masking, MaskRefused

if TYPE_CHECKING:
    from edge_contracts.station import Point
    from edge_runtime.units.surroundings import Surroundings


def check_mask(view: Point, around: Surroundings) -> None:
    """Read a view's mask, and hold it against the first picture of a folder or film.

    A camera's pictures are known when the first one comes; then a mask that does not fit makes each part unknown.

    Raises:
        BadInputError: it cannot be read, leaves nothing to judge, or has another aspect.
    """
    if view.mask is None:
        return
    try:
        masking, first = Masking(view.mask), _first(view, around)
        if first is not None:
            masking.plane(first.pixels.shape[0], first.pixels.shape[1])
    except MaskRefused as error:
        raise BadInputError(f"inspection point {view.name}: {error}") from error


def _first(view: Point, around: Surroundings) -> Frame | None:
    if KINDS[view.source.kind].live:
        return None
    source = build_source(view.source, around.clock, around.stop)
    try:
        source.open()
        source.advance()
        reading = source.reading()
    except (OSError, EOFError):
        return None
    finally:
        source.close()
    return reading if isinstance(reading, Frame) else None
