"""Nothing moved, nothing to inspect: a cheap look at a camera's picture before a model is asked.

A picture in which nothing differs from the last one that was inspected is no part, like an empty belt; it is counted
and gets no verdict, least of all `good`. What is wrong with a picture (frozen, dark, torn) is found before this and
always makes a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from edge_runtime.blue_first import resized
from edge_runtime.frames import Frame
from edge_runtime.inspection.region import cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Motion, Region
    from edge_runtime.occasion import Occasion

_READ = 160
"""Along the longer side so many pixels are read; what is smaller than the distance between them may be missed."""
_CELLS = 40
"""Along the longer side of the reduced picture, in which the noise of neighbours is averaged away."""


class Calls(Protocol):
    """What calls for inspections; every trigger is one."""

    def next(self) -> Occasion | None:
        """Wait a moment for the next occasion; None when there is none yet."""
        ...


class MotionGate:
    """Tells whether a picture differs from the last one that it let pass.

    Args:
        settings: how much is a difference.
        region: what of the picture is looked at.

    Attributes:
        skipped: pictures in which nothing moved, since the start.
    """

    def __init__(self, settings: Motion, region: Region) -> None:
        self.skipped = 0
        self._settings = settings
        self._region = region
        self._last: npt.NDArray[np.uint8] | None = None

    def lets_pass(self, pixels: npt.NDArray[np.uint8]) -> bool:
        """Whether something moved in this picture, H×W×3 uint8 RGB; the first, and one of another size, passes."""
        cells = reduced_cells(cut(pixels, self._region))
        if self._last is not None and self._last.shape == cells.shape:
            differs = (cv2.absdiff(cells, self._last) >= self._settings.levels).any(axis=2)
            if np.count_nonzero(differs) <= self._settings.share * differs.size:
                self.skipped += 1
                return False
        self._last = cells
        return True


class MovingOnly:
    """A trigger whose pictures count only when something moved in them.

    Args:
        trigger: calls.
        gate: looks.
    """

    def __init__(self, trigger: Calls, gate: MotionGate) -> None:
        self._trigger = trigger
        self._gate = gate

    def next(self) -> Occasion | None:
        """The trigger's next occasion, None when nothing moved in its picture."""
        occasion = self._trigger.next()
        if occasion is None or occasion.ailment is not None or not isinstance(occasion.reading, Frame):
            return occasion
        return occasion if self._gate.lets_pass(occasion.reading.pixels) else None


def reduced_cells(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """uint8 h×w×3 of at most 40 cells along the longer side: means of some of the pixels of each, 0–255."""
    few = _shrunk(pixels, _READ, cv2.INTER_NEAREST)
    return _shrunk(few, _CELLS, cv2.INTER_AREA)


def _shrunk(pixels: npt.NDArray[np.uint8], longer: int, method: int) -> npt.NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = min(1.0, longer / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return resized(pixels, size, method)
