"""Hide one place of a picture after the other and see what becomes of the score.

A heat map says where a network looked; this says what its verdict rests on (Zeiler and Fergus, "Visualizing and
Understanding Convolutional Networks", 2014). What hides is the picture's own blur: a grey patch would be a defect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from edge_runtime.capture.picture_file import load_opencv

if TYPE_CHECKING:
    from collections.abc import Callable

    Pixels = npt.NDArray[np.uint8]

STEPS = 14
"""Places along the shorter side."""

PATCH_STEPS = 3
"""Side of the patch that hides, in steps: neighbouring patches overlap."""

BLUR_STEPS = 1.5


@dataclass(frozen=True, slots=True)
class Occlusion:
    """What hiding each place did.

    score: of the whole picture.
    lowered: r×c float32, by how much the score fell when the place was hidden; negative where it rose.
    least: the least score with one place hidden.
    """

    score: float
    lowered: npt.NDArray[np.float32]

    @property
    def least(self) -> float:
        """The score with that place hidden that lowers it most."""
        return self.score - float(self.lowered.max())


def occlude(
    pixels: Pixels, score_of: Callable[[Pixels], float], progress: Callable[[int], object] | None = None
) -> Occlusion:
    """Hide place after place.

    Args:
        pixels: H×W×3 uint8 RGB.
        score_of: the detector.
        progress: called with the number of places done; there are `place_count(pixels)`.
    """
    step, rows, columns = _grid(pixels)
    blurred = _blurred(pixels, step)
    whole = score_of(pixels)
    lowered = np.zeros((rows, columns), np.float32)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        hidden = pixels.copy()
        place = np.s_[_span(row, step), _span(column, step)]
        hidden[place] = blurred[place]
        lowered[row, column] = whole - score_of(hidden)
        if progress is not None:
            progress(number + 1)
    return Occlusion(whole, lowered)


def place_count(pixels: Pixels) -> int:
    """How many places `occlude` hides."""
    _, rows, columns = _grid(pixels)
    return rows * columns


def _grid(pixels: Pixels) -> tuple[int, int, int]:
    height, width = pixels.shape[:2]
    step = max(1, min(height, width) // STEPS)
    return step, -(-height // step), -(-width // step)


def _span(place: int, step: int) -> slice:
    """From the place's own start, half of what the patch is larger than it to either side."""
    reach = (PATCH_STEPS - 1) * step // 2
    return slice(max(0, place * step - reach), (place + 1) * step + reach)


def _blurred(pixels: Pixels, step: int) -> Pixels:
    return cast("Pixels", load_opencv().GaussianBlur(pixels, (0, 0), BLUR_STEPS * step))
