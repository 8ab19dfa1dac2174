"""How large a detector looks at a part, from the aspect of its photographs.

Nearly square parts are stretched to a square of the features' own side; parts longer than 1.6 : 1 keep their
proportion, the long side a multiple of 32. Larger inputs were worse wherever they were tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE_PX = 224
LONG_ASPECT = 1.6
LONG_STEP_PX = 32
LONGEST_ASPECT = 8.0


@dataclass(frozen=True, slots=True)
class InputSize:
    """Rows and columns of the detector's input, in pixels."""

    height_px: int
    width_px: int


def input_size(shapes: Sequence[tuple[int, int]], side_px: int = SIDE_PX) -> InputSize:
    """Choose for photographs of `shapes` (height, width); their median aspect decides.

    Args:
        shapes: one or more.
        side_px: the short side that the features were made for, a multiple of 32.
    """
    aspect = float(np.median([width / height for height, width in shapes]))
    longer = max(aspect, 1 / aspect)
    if longer < LONG_ASPECT:
        return InputSize(side_px, side_px)
    long_px = LONG_STEP_PX * round(side_px * min(longer, LONGEST_ASPECT) / LONG_STEP_PX)
    return InputSize(side_px, long_px) if aspect > 1 else InputSize(long_px, side_px)
