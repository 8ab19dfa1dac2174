"""The values that travel between the stages: a Frame or a Window in, Scores out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture from a source.

    pixels: H×W×3 uint8 RGB, 0–255.
    captured_at_ns: monotonic nanoseconds at the moment the source handed it over.
    number: counts from 1 per opening of the source.
    name: the source's own name for it (a file name), empty for a live camera.
    """

    pixels: npt.NDArray[np.uint8]
    captured_at_ns: int
    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of a sound, or of what a sensor measures.

    values: samples×channels float32, in real units; a sound is −1 to 1.
    rate_hz: samples per second of each channel.
    captured_at_ns: monotonic nanoseconds at the moment of its last sample.
    number: counts from 1 per opening of the source.
    name: the source's own name for it (a file name), empty for a live sensor.
    """

    values: npt.NDArray[np.float32]
    rate_hz: float
    captured_at_ns: int
    number: int
    name: str = ""

    @property
    def duration_s(self) -> float:
        """How long it lasts, in seconds."""
        return len(self.values) / self.rate_hz


Subject: TypeAlias = "npt.NDArray[np.uint8] | Window"
"""What a model is asked about: the pixels of a part, H×W×3 uint8 RGB, or a window."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says of one input, in real units.

    values: float32 [K]: one number per label (probabilities), or the single anomaly score.
    heat_map: float32 h×w, larger is more suspicious; None where the model has none.
    outputs: every output tensor by name, dequantised float32, batch axis kept.
    """

    values: npt.NDArray[np.float32]
    heat_map: npt.NDArray[np.float32] | None
    outputs: dict[str, npt.NDArray[Any]]
