"""The last pictures of each point in memory, reduced, so that a defect's moment can be kept with what led to it.

A sink. Its memory is bounded: `before` pictures per point, and while a clip is open at most `before` + 3 × `after`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2

from edge_contracts.verdict import Outcome
from edge_runtime.blue_first import resized
from edge_runtime.evidence.clip import Clip, Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from edge_runtime.occasion import Inspected

_STRETCH: Final = 3
"""Defects that follow each other prolong a clip to so many times `after`."""


@dataclass(slots=True)
class _Roll:
    """One point's pictures; `left` counts what is still to come of an open clip."""

    before: deque[Moment]
    open: list[Moment] | None = None
    left: int = 0
    room: int = 0


class ClipRing:
    """Keeps clips of the pictures that points judge.

    Args:
        before, after: pictures around the defect, its own not counted.
        side_px: the longer side of a kept picture, at most twice this.
        keep: is given each clip when it is complete; returns at once.
    """

    def __init__(self, before: int, after: int, side_px: int, keep: Callable[[Clip], object]) -> None:
        self._before, self._after, self._side_px, self._keep = before, after, side_px, keep
        self._lock = threading.Lock()
        self._rolls: dict[str, _Roll] = {}

    def take(self, inspected: Inspected) -> None:
        """Take a verdict with its picture; about 0.08 ms for 640×480, nothing without a picture."""
        if inspected.frame is None:
            return
        verdict = inspected.verdict
        moment = Moment(_reduced(inspected.frame.pixels, self._side_px), verdict)
        with self._lock:
            roll = self._rolls.setdefault(verdict.point, _Roll(deque(maxlen=self._before)))
            complete = self._roll_on(roll, moment)
        if complete is not None:
            self._keep(Clip(verdict.point, complete))

    def flush(self) -> None:
        """Give out what is open, for the end of the run."""
        with self._lock:
            rolls, self._rolls = self._rolls, {}
        for point, roll in rolls.items():
            if roll.open:
                self._keep(Clip(point, tuple(roll.open)))

    def _roll_on(self, roll: _Roll, moment: Moment) -> tuple[Moment, ...] | None:
        is_defect = moment.verdict.outcome is Outcome.DEFECT
        if roll.open is None and not is_defect:
            roll.before.append(moment)
            return None
        if roll.open is None:
            roll.open = [*roll.before]
            roll.before.clear()
            roll.room = _STRETCH * self._after + 1
        roll.open.append(moment)
        roll.room -= 1
        roll.left = self._after if is_defect else roll.left - 1
        if roll.left > 0 and roll.room > 0:
            return None
        complete, roll.open = tuple(roll.open), None
        return complete


def _reduced(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], side_px: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A copy, h×w×3 uint8 RGB, every n-th pixel."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // side_px)
    size = (max(width // step, 1), max(height // step, 1))
    small = resized(pixels, size, cv2.INTER_NEAREST)
    return small.copy() if step == 1 else small
