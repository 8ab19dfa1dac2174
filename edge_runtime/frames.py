"""The values that travel between the stages: Frame in, Scores out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
class Scores:
    """What a model says of one input, in real units.

    values: float32 [K]: one number per label (probabilities), or the single anomaly score.
    heat_map: float32 h×w, larger is more suspicious; None where the model has none.
    outputs: every output tensor by name, dequantised float32, batch axis kept.
    """

    values: npt.NDArray[np.float32]
    heat_map: npt.NDArray[np.float32] | None
    outputs: dict[str, npt.NDArray[Any]]
