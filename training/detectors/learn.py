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

from edge_contracts.errors import BadInputError
from training.dataset.amounts import FEWEST_PARTS, require_enough
from training.dataset.input_size import resized
from training.detectors.copies import Copies, copies_for
from training.detectors.counted import counted
from training.detectors.crossvalidation import held_out_scores, require_groups
from training.detectors.detector import Detector
from training.detectors.detector_graph import detector_graph
from training.detectors.kinds import AUTO, detector_kinds, require_kind
from training.detectors.selection import Selection, select, tried
from training.detectors.sight import AS_USUAL, Backbone, Sight, feature_parts
from training.detectors.threshold_rule import ThresholdRule
from training.detectors.views import seen
from training.detectors.whole_part import whole_part, with_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from training.features.feature_part import FeaturePart

    Pixels = npt.NDArray[np.uint8]
    Features = npt.NDArray[np.float32]

__all__ = ["Backbone", "Detector", "Sight", "learn"]

SHAPE_PROBES = 16
LOGNORMAL = ThresholdRule()


def learn(
    photographs: Sequence[Pixels],
    *,
    groups: Sequence[str] | None = None,
    backbone: Backbone | None = None,
    kind: str = AUTO,
    sight: Sight = AS_USUAL,
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
        sight: input size, layer and copies, where the rules shall not decide.
        rule: how the threshold is set.
        seed: shuffles the cross-validation, and is what the detectors and the copies draw from.
        progress: called with the number of photographs done, after each.

    Raises:
        BadInputError: too few photographs, photographs that do not differ, a kind that is none of photographs, a
            backbone that is none, or a sight that it has not.
    """
    require_kind(kind, detector_kinds(), "photographs")
    with threadpool_limits(limits=1, user_api="blas"):
        lesson = _looked_at(photographs, groups, backbone, sight, seed, progress)
        rule.require_enough(lesson.groups)
        selection = Selection(kind, next(iter(lesson.parts)))
        kept: dict[int, Features] = {}
        if kind == AUTO:
            selection = select(lesson.parts, lesson.frames, lesson.groups, lesson.copies, seed, kept)
        return _learned(lesson, selection, rule, seed, kept.get(selection.stride_px))


def separation_of(
    photographs: Sequence[Pixels],
    *,
    groups: Sequence[str] | None,
    backbone: Backbone | None,
    kind: str,
    sight: Sight,
    seed: int,
) -> float:
    """What `learn` chooses by, for one kind of detector: see `training.detectors.choice`.

    Args:
        photographs: as for `learn`.
        groups: the same.
        backbone: the same.
        kind: of detector; not `auto`.
        sight: with the usual layer where it names none.
        seed: as for `learn`.

    Raises:
        BadInputError: as there.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        lesson = _looked_at(photographs, groups, backbone, sight, seed, None)
        (usual, *_) = lesson.parts.items()
        return tried(dict([usual]), lesson.frames, lesson.groups, lesson.copies, seed, [kind])[0].separation


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Photographs, looked at.

    parts: stride to feature part. frames: N at their input size. groups: N. copies: what is learned beside each.
    """

    parts: dict[int, FeaturePart]
    frames: list[Pixels]
    groups: list[str]
    copies: Copies


def _looked_at(
    photographs: Sequence[Pixels],
    groups: Sequence[str] | None,
    backbone: Backbone | None,
    sight: Sight,
    seed: int,
    progress: Callable[[int], object] | None,
) -> _Lesson:
    require_enough(len(photographs), FEWEST_PARTS, "photographs")
    copies = copies_for(len(photographs), sight.recipe, seed)
    parts = feature_parts(_probe_shapes(photographs), backbone, sight)
    spec = next(iter(parts.values())).spec
    frames = [resized(one, spec) for one in counted(photographs, progress)]
    return _Lesson(parts, frames, _distinct_groups(frames, groups), copies)


def _learned(
    lesson: _Lesson, selection: Selection, rule: ThresholdRule, seed: int, features: Features | None
) -> Detector:
    """Fit what was selected; `features` is what its part saw where that is known already."""
    fit, part = detector_kinds()[selection.kind], lesson.parts[selection.stride_px]
    if features is None:
        features = seen(part, lesson.frames, lesson.copies)
    scores, _ = held_out_scores(features, lesson.groups, seed, fit)
    wholes, _ = held_out_scores(features, lesson.groups, seed, whole_part)
    threshold = rule.threshold(scores.tolist(), lesson.groups)
    places, whole = (
        learns(features.reshape(-1, *features.shape[2:]), np.random.default_rng(seed)) for learns in (fit, whole_part)
    )
    return Detector(
        graph=detector_graph(part, with_whole(places, whole, float(wholes.max()), threshold.value)),
        spec=part.spec,
        threshold=threshold,
        good_scores=tuple(scores.tolist()),
        method=part.method,
        copies=lesson.copies.count,
        selection=selection,
    )


def _probe_shapes(photographs: Sequence[Pixels]) -> list[tuple[int, int]]:
    """Height and width of up to 16 photographs spread over all: enough for the median aspect."""
    places = np.unique(np.linspace(0, len(photographs) - 1, SHAPE_PROBES).astype(int))
    return [(photographs[place].shape[0], photographs[place].shape[1]) for place in places]


def _distinct_groups(frames: Sequence[Pixels], groups: Sequence[str] | None) -> list[str]:
    """The given groups, or one per distinct picture, so that no copy of a held-out picture is learned from."""
    digests = [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]
    if len(set(digests)) < FEWEST_PARTS:
        raise BadInputError(
            f"wanted {FEWEST_PARTS} or more different photographs, found {len(set(digests))} among {len(frames)}; "
            "photograph more parts instead of copying files"
        )
    names = list(groups) if groups is not None else digests
    require_groups(names, len(frames))
    return names
