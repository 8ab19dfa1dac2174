"""What good parts, and perhaps labelled defects, taught: one graph and one threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.tflite import write_tflite
from edge_contracts.manifest import SeriesInput, SoundInput

if TYPE_CHECKING:
    from converters.graph import Graph
    from edge_contracts.manifest import ImageInput
    from training.detectors.selection import Selection
    from training.detectors.threshold import Threshold


@dataclass(frozen=True, slots=True)
class Detector:
    """What was learned.

    graph: float; input 1×H×W×3 bytes as `spec` says, outputs `score` float32 [1] and `heat_map` float32 [1, h, w, 1].
    spec: how a picture, or a sound, becomes the input.
    threshold: a part is a defect when its score reaches `threshold.value`.
    good_scores: the cross-validated score of each photograph, in their order.
    method: `gabor`, `backbone` or `readings`.
    copies: learned beside each photograph.
    selection: kind of detector and stride of the layer, and what they were chosen from.
    """

    graph: Graph
    spec: ImageInput | SoundInput | SeriesInput
    threshold: Threshold
    good_scores: tuple[float, ...]
    method: str
    copies: int
    selection: Selection

    @property
    def model(self) -> bytes:
        """The graph as a TFLite file."""
        return write_tflite(self.graph)

    @property
    def input_size(self) -> dict[str, int]:
        """What it looks at, by name: pixels of a picture, spectra and bands of a sound, samples of each channel."""
        if isinstance(self.spec, SoundInput):
            return {"spectra": self.spec.frames, "bands": self.spec.mel.bands}
        if isinstance(self.spec, SeriesInput):
            return {"samples": self.spec.samples, "channels": self.spec.channels}
        return {"height_px": self.spec.height_px, "width_px": self.spec.width_px}
