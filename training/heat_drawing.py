"""A heat map for a page that a person studies: its hottest place is always seen.

A station draws what lies above the threshold, up to two and a half times of it, so that one part compares with another
(`edge_runtime.inspection.overlay`). On a page about one picture that hides the very place in question: a part that was
missed has nothing above the threshold, and one that was just found is hardly coloured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.station import Region
from edge_runtime.inspection.overlay import draw_heat

if TYPE_CHECKING:
    import numpy.typing as npt

STATIONS_HOTTEST = 2.5
"""Times the threshold: from there on a station draws everything alike, and its hottest place is seen."""

ABOVE = "coloured: what lies above the threshold"
# The upper half of the map, so that the part is still seen beneath.
BELOW = "no place reaches the threshold; coloured is what comes nearest to it"
OWN_SCALE = "coloured: what looks least like good parts"


def drawn_heat(
    pixels: npt.NDArray[np.uint8], heat_map: npt.NDArray[np.float32], threshold: float | None
) -> tuple[npt.NDArray[np.uint8], str]:
    """The picture with the map over it, and what its colours say.

    Args:
        pixels: H×W×3 uint8 RGB, 0-255.
        heat_map: float32 h×w, finite.
        threshold: of the bundle; None where it has none.
    """
    if threshold is None or threshold <= 0:
        return draw_heat(pixels, heat_map, Region(), None), OWN_SCALE
    coolest, peak = float(heat_map.min()), float(heat_map.max())
    if peak < threshold:
        return draw_heat(pixels, np.maximum(heat_map, np.float32((coolest + peak) / 2)), Region(), None), BELOW
    if coolest >= threshold or peak >= STATIONS_HOTTEST * threshold:
        return draw_heat(pixels, heat_map, Region(), threshold), ABOVE
    return draw_heat(pixels, np.maximum(heat_map, np.float32(threshold)), Region(), None), ABOVE
