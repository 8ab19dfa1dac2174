"""The presence rule of a camera, begun anew when the camera's pictures change their size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.trigger.presence import PresenceOptions, PresenceRule

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import PresenceTrigger


class PresenceGate:
    """Says once for each part that it crosses the line.

    Args:
        settings: the `trigger` table of an inspection point.
    """

    def __init__(self, settings: PresenceTrigger) -> None:
        region = settings.region
        self._options = PresenceOptions(
            region=(region.x, region.y, region.width, region.height),
            travel=settings.travel,
            line=settings.line,
            difference=settings.difference,
            shortest=settings.shortest,
        )
        self._rule = PresenceRule(self._options)
        self._shape: tuple[int, ...] | None = None

    def sees_new_part(self, pixels: npt.NDArray[np.uint8]) -> bool:
        """Whether with this frame (H×W×3 uint8 RGB) one more part crosses the line."""
        if self._shape not in {None, pixels.shape}:
            self._rule = PresenceRule(self._options)
        self._shape = pixels.shape
        return self._rule.update(pixels).trigger
