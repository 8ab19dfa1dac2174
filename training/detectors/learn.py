"""Learn a defect detector from photographs of good parts alone: one graph and one threshold.

The sequence: choose the size, build the feature part (Gabor layers, or the user's classifier cut), run it over the
photographs and, where they are few, over shifted copies; fit a Gauss; set the threshold from cross-validated scores;
join both halves into one graph. The same photographs and seed give the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from training.detectors.copies import COPIES, ENOUGH_PARTS, shifted_copies
from training.detectors.crossvalidation import held_out_scores
from training.detectors.detector_graph import detector_graph
from training.detectors.gauss import fit_gauss
from training.detectors.threshold import Threshold, lognormal_threshold
from training.features.cut import backbone_side_px, cut_backbone
from training.features.feature_part import FeaturePart, extract_features, resized
from training.features.gabor import gabor_features
from training.features.size_rule import input_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from converters.graph import Graph
    from edge_contracts.manifest import ImageInput

    Pixels = npt.NDArray[np.uint8]

FEWEST_PARTS = 10
ADVISED_PARTS = 20
SHAPE_PROBES = 16


@dataclass(frozen=True, slots=True)
class Detector:
    """What was learned.

    graph: float; input 1×H×W×3 bytes as `spec` says, outputs `score` float32 [1] and `heat_map` float32 [1, h, w, 1].
    spec: how a picture becomes the input.
    threshold: a part is a defect when its score reaches `threshold.value`.
    good_scores: the cross-validated score of each photograph, in their order.
    method: `gabor` or `backbone`.
    copies: shifted copies learned beside each photograph.
    """

    graph: Graph
    spec: ImageInput
    threshold: Threshold
    good_scores: tuple[float, ...]
    method: str
    copies: int

    @property
    def model(self) -> bytes:
        """The graph as a TFLite file."""
        return write_tflite(self.graph)


@dataclass(frozen=True, slots=True)
class Backbone:
    """The user's quantised classifier.

    model: the .tflite file's bytes.
    name: what messages call it.
    """

    model: bytes
    name: str = "the backbone"


def learn(
    photographs: Sequence[Pixels],
    *,
    groups: Sequence[str] | None = None,
    backbone: Backbone | None = None,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Detector:
    """Learn from photographs of good parts (H×W×3 uint8 RGB, 0-255; sizes may differ).

    Args:
        photographs: ten or more, twenty advised; read one after the other, so a lazy sequence saves memory.
        groups: a name per photograph; relatives (the same part, the same minute) share one and are held out together.
            By default each distinct picture is its own group.
        backbone: a quantised classifier to take features from; None for Gabor layers, which need nothing.
        seed: shuffles the cross-validation.
        progress: called with the number of photographs done, after each.

    Raises:
        BadInputError: too few photographs, photographs that do not differ, or a backbone that is none.
    """
    if len(photographs) < FEWEST_PARTS:
        raise BadInputError(
            f"wanted {FEWEST_PARTS} or more photographs of good parts ({ADVISED_PARTS} or more advised), "
            f"found {len(photographs)}; take {FEWEST_PARTS - len(photographs)} more"
        )
    part = _feature_part(_probe_shapes(photographs), backbone)
    frames = [resized(one, part.spec) for one in _counted(photographs, progress)]
    features, copies = _views(part, frames)
    scores, _ = held_out_scores(features, _distinct_groups(frames, groups), seed)
    gauss = fit_gauss(features.reshape(-1, *features.shape[2:]))
    return Detector(
        graph=detector_graph(part, gauss),
        spec=part.spec,
        threshold=lognormal_threshold(scores.tolist()),
        good_scores=tuple(scores.tolist()),
        method=part.method,
        copies=copies,
    )


def _feature_part(shapes: Sequence[tuple[int, int]], backbone: Backbone | None) -> FeaturePart:
    if backbone is None:
        size = input_size(shapes)
        return gabor_features(size.height_px, size.width_px)
    side = backbone_side_px(backbone.model, name=backbone.name)
    return cut_backbone(backbone.model, input_size(shapes, side), name=backbone.name)


def _probe_shapes(photographs: Sequence[Pixels]) -> list[tuple[int, int]]:
    """Height and width of up to 16 photographs spread over all: enough for the median aspect."""
    places = np.unique(np.linspace(0, len(photographs) - 1, SHAPE_PROBES).astype(int))
    return [(photographs[place].shape[0], photographs[place].shape[1]) for place in places]


def _counted(photographs: Sequence[Pixels], progress: Callable[[int], object] | None) -> Iterator[Pixels]:
    for number, photograph in enumerate(photographs, start=1):
        yield photograph
        if progress is not None:
            progress(number)


def _views(part: FeaturePart, frames: Sequence[Pixels]) -> tuple[npt.NDArray[np.float32], int]:
    """Features N×V×h×w×C, the frame itself first, and the number of copies V - 1."""
    copies = len(COPIES) if len(frames) < ENOUGH_PARTS else 0
    seen = (view for frame in frames for view in [frame, *(shifted_copies(frame) if copies else [])])
    features = extract_features(part, seen)
    return features.reshape(len(frames), 1 + copies, *features.shape[1:]), copies


def _distinct_groups(frames: Sequence[Pixels], groups: Sequence[str] | None) -> list[str]:
    """The given groups, or one per distinct picture, so that no copy of a held-out picture is learned from."""
    digests = [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]
    if len(set(digests)) < FEWEST_PARTS:
        raise BadInputError(
            f"wanted {FEWEST_PARTS} or more different photographs, found {len(set(digests))} among {len(frames)}; "
            "photograph more parts instead of copying files"
        )
    names = list(groups) if groups is not None else digests
    if len(names) != len(frames) or len(set(names)) < 2:  # noqa: PLR2004 - one group cannot be held out from itself
        raise BadInputError(
            f"wanted a group for each of {len(frames)} photographs, two groups or more, "
            f"found {len(names)} in {len(set(names))}; correct the groups or leave them away"
        )
    return names
