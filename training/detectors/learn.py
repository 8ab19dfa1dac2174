"""Learn a defect detector from photographs of good parts alone: one graph and one threshold.

The sequence: choose the size; look at the photographs, and where they are few at shifted copies, with each layer that
may be of use; choose detector and layer; fit; set the threshold from cross-validated scores; join both halves into one
graph. The same photographs and seed give the same bytes, on one thread, because a matrix product's rounding depends on
how many threads shared it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SoundInput
from training.detectors.copies import COPIES, ENOUGH_PARTS
from training.detectors.crossvalidation import held_out_scores
from training.detectors.detector_graph import detector_graph
from training.detectors.kinds import AUTO, detector_kinds
from training.detectors.selection import Selection, select
from training.detectors.sight import Backbone, feature_parts
from training.detectors.threshold_rule import ThresholdRule
from training.detectors.views import seen
from training.features.feature_part import resized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from converters.graph import Graph
    from edge_contracts.manifest import ImageInput
    from training.detectors.threshold import Threshold
    from training.features.feature_part import FeaturePart

    Pixels = npt.NDArray[np.uint8]

__all__ = ["Backbone", "Detector", "learn"]

FEWEST_PARTS = 10
ADVISED_PARTS = 20
SHAPE_PROBES = 16
LOGNORMAL = ThresholdRule()


@dataclass(frozen=True, slots=True)
class Detector:
    """What was learned.

    graph: float; input 1×H×W×3 bytes as `spec` says, outputs `score` float32 [1] and `heat_map` float32 [1, h, w, 1].
    spec: how a picture, or a sound, becomes the input.
    threshold: a part is a defect when its score reaches `threshold.value`.
    good_scores: the cross-validated score of each photograph, in their order.
    method: `gabor` or `backbone`.
    copies: shifted copies learned beside each photograph.
    selection: kind of detector and stride of the layer, and what they were chosen from.
    """

    graph: Graph
    spec: ImageInput | SoundInput
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
        """Rows and columns of what it looks at, by name: pixels of a picture, spectra and bands of a sound."""
        if isinstance(self.spec, SoundInput):
            return {"spectra": self.spec.frames, "bands": self.spec.mel.bands}
        return {"height_px": self.spec.height_px, "width_px": self.spec.width_px}


def learn(
    photographs: Sequence[Pixels],
    *,
    groups: Sequence[str] | None = None,
    backbone: Backbone | None = None,
    kind: str = AUTO,
    rule: ThresholdRule = LOGNORMAL,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Detector:
    """Learn from photographs of good parts (H×W×3 uint8 RGB, 0-255; sizes may differ).

    Args:
        photographs: ten or more, twenty advised; read one after the other, so a lazy sequence saves memory.
        groups: a name per photograph; relatives (the same part, the same minute) share one and are held out together.
            By default each distinct picture is its own group.
        backbone: a quantised classifier to take features from; None for Gabor layers, which need nothing.
        kind: of detector, one of `detector_kinds`, with the backbone's usual layer; `auto` chooses both.
        rule: how the threshold is set.
        seed: shuffles the cross-validation, and is what the detectors draw from.
        progress: called with the number of photographs done, after each.

    Raises:
        BadInputError: too few photographs, photographs that do not differ, or a backbone that is none.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return _learn(photographs, groups, backbone, kind, rule, seed, progress)


def _learn(
    photographs: Sequence[Pixels],
    groups: Sequence[str] | None,
    backbone: Backbone | None,
    kind: str,
    rule: ThresholdRule,
    seed: int,
    progress: Callable[[int], object] | None,
) -> Detector:
    if len(photographs) < FEWEST_PARTS:
        raise BadInputError(
            f"wanted {FEWEST_PARTS} or more photographs of good parts ({ADVISED_PARTS} or more advised), "
            f"found {len(photographs)}; take {FEWEST_PARTS - len(photographs)} more"
        )
    parts = feature_parts(_probe_shapes(photographs), backbone)
    spec = next(iter(parts.values())).spec
    frames = [resized(one, spec) for one in _counted(photographs, progress)]
    names = _distinct_groups(frames, groups)
    rule.require_enough(names)
    copies = len(COPIES) if len(frames) < ENOUGH_PARTS else 0
    selection = select(parts, frames, names, copies, seed) if kind == AUTO else Selection(kind, next(iter(parts)))
    return _learned(parts[selection.stride_px], selection, frames, names, copies, rule, seed)


def _learned(
    part: FeaturePart,
    selection: Selection,
    frames: Sequence[Pixels],
    groups: Sequence[str],
    copies: int,
    rule: ThresholdRule,
    seed: int,
) -> Detector:
    fit = detector_kinds()[selection.kind]
    features = seen(part, frames, copies)
    scores, _ = held_out_scores(features, groups, seed, fit)
    normality = fit(features.reshape(-1, *features.shape[2:]), np.random.default_rng(seed))
    return Detector(
        graph=detector_graph(part, normality),
        spec=part.spec,
        threshold=rule.threshold(scores.tolist(), groups),
        good_scores=tuple(scores.tolist()),
        method=part.method,
        copies=copies,
        selection=selection,
    )


def _probe_shapes(photographs: Sequence[Pixels]) -> list[tuple[int, int]]:
    """Height and width of up to 16 photographs spread over all: enough for the median aspect."""
    places = np.unique(np.linspace(0, len(photographs) - 1, SHAPE_PROBES).astype(int))
    return [(photographs[place].shape[0], photographs[place].shape[1]) for place in places]


def _counted(photographs: Sequence[Pixels], progress: Callable[[int], object] | None) -> Iterator[Pixels]:
    for number, photograph in enumerate(photographs, start=1):
        yield photograph
        if progress is not None:
            progress(number)


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
