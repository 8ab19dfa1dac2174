"""Learn a defect detector from recordings of good parts alone: the sequence of `learn`, for ears and for sensors.

Each recording is cut into inputs that overlap by half; all of them are learned, and the score of a recording is the
mean of theirs, as the board's predictor joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from edge_contracts.errors import BadInputError
from training.dataset.amounts import FEWEST_RECORDINGS, require_enough
from training.detectors.counted import counted
from training.detectors.crossvalidation import folds_of, require_groups
from training.detectors.detector import Detector
from training.detectors.detector_graph import detector_graph
from training.detectors.kinds import AUTO, GAUSS, reading_kinds, require_kind, sound_kinds
from training.detectors.normality import score
from training.detectors.selection import Selection
from training.detectors.sight import Backbone, feature_parts
from training.detectors.threshold_rule import ThresholdRule
from training.features.feature_part import hear_features
from training.features.readings import readings_part
from training.features.size_rule import SIDE_PX
from training.features.spectrogram import spectrogram_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import SeriesInput, SoundInput
    from edge_runtime.frames import Window
    from training.detectors.normality import Fit, Normality
    from training.features.feature_part import FeaturePart

    Features = npt.NDArray[np.float32]

LOGNORMAL = ThresholdRule()


def learn_sounds(
    recordings: Sequence[Window],
    *,
    groups: Sequence[str] | None = None,
    backbone: Backbone | None = None,
    readings: bool = False,
    kind: str = AUTO,
    rule: ThresholdRule = LOGNORMAL,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Detector:
    """Learn from recordings of good parts, all at one sampling rate.

    Args:
        recordings: five or more, read twice, one after the other.
        groups: a name per recording; relatives share one and are held out together. By default each is its own.
        backbone: a quantised image classifier that sees the spectrogram; None for Gabor layers. Not for readings.
        readings: judge each channel by figures of its course and spectrum, in place of a spectrogram of their mean.
        kind: of detector, one of `sound_kinds` or `reading_kinds`; `auto` is the first: drawn faults say nothing of
            sounds.
        rule: how the threshold is set.
        seed: shuffles the cross-validation.
        progress: called with the number of recordings done, after each.

    Raises:
        BadInputError: too few recordings, rates that differ, recordings that are too short or do not differ, a kind
            that is none of sounds, or a backbone that is none.
    """
    require_enough(len(recordings), FEWEST_RECORDINGS, "recordings")
    names = list(groups) if groups is not None else [str(number) for number in range(len(recordings))]
    require_groups(names, len(recordings))
    rule.require_enough(names)
    selection, fit = _chosen(kind, reading_kinds() if readings else sound_kinds())
    with threadpool_limits(limits=1, user_api="blas"):
        part = readings_part(recordings) if readings else _ear(recordings, backbone)
        heard = hear_features(part, counted(recordings, progress))
        scores = [float(one.mean()) for one in held_out_inputs(heard, names, seed, fit)]
        normality = fit(np.concatenate(heard), np.random.default_rng(seed))
    return Detector(
        graph=detector_graph(part, normality),
        spec=_spec(part),
        threshold=rule.threshold(scores, names),
        good_scores=tuple(scores),
        method=part.method,
        copies=0,
        selection=selection,
    )


def _chosen(kind: str, kinds: Mapping[str, Fit]) -> tuple[Selection, Fit]:
    require_kind(kind, kinds, "recordings")
    wanted = GAUSS if kind == AUTO else kind
    return Selection(wanted, 0), kinds[wanted]


def _ear(recordings: Sequence[Window], backbone: Backbone | None) -> FeaturePart:
    picture = next(iter(feature_parts([(SIDE_PX, SIDE_PX)], backbone).values()))
    return spectrogram_part(picture, recordings)


def _spec(part: FeaturePart) -> SoundInput | SeriesInput:
    if part.heard is None:
        raise BadInputError(f"wanted a part that hears, found {part.method} for pictures; see spectrogram_part")
    return part.heard


def held_out_inputs(
    heard: Sequence[Features], groups: Sequence[str], seed: int, fit: Fit
) -> list[npt.NDArray[np.float64]]:
    """The scores of each recording's inputs from a detector that has heard neither it nor its relatives."""
    scores: dict[int, npt.NDArray[np.float64]] = {}
    for held_out in folds_of(groups, seed):
        known = [one for one, is_out in zip(heard, held_out, strict=True) if not is_out]
        normality = fit(np.concatenate(known), np.random.default_rng(seed))
        scores |= {place: scores_of_inputs(normality, heard[place]) for place in np.flatnonzero(held_out).tolist()}
    return [scores[place] for place in range(len(heard))]


def scores_of_inputs(normality: Normality, inputs: Features) -> npt.NDArray[np.float64]:
    """One score per input, of N×h×w×C features; a recording's score is their mean."""
    return np.array([score(normality, one) for one in inputs])
