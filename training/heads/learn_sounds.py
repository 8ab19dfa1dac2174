"""Add what labelled recordings teach to a detector that learned good ones alone: the sequence of `learn`, for ears.

A head hears each input of a recording by itself; recordings are held out as a whole.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from training.detectors.counted import counted
from training.detectors.kinds import sound_kinds
from training.detectors.learn_sounds import held_out_inputs, scores_of_inputs
from training.features.feature_part import hear_features
from training.heads.evidence import Evidence
from training.heads.joining import taught_by
from training.heads.pooled import POOLED, add_pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from edge_runtime.frames import Window
    from training.detectors.detector import Detector
    from training.detectors.threshold_rule import ThresholdRule
    from training.features.feature_part import FeaturePart
    from training.heads.joining import Taught

    Inputs = list[npt.NDArray[np.float32]]


def teach_sounds(
    detector: Detector,
    part: FeaturePart,
    recordings: Sequence[Window],
    groups: Sequence[str],
    *,
    good: int,
    rule: ThresholdRule,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Taught:
    """Learn a head and join it with the detector.

    Args:
        detector: what the good recordings taught.
        part: what it hears with, and its layers.
        recordings: the good ones that it learned, in its order, and then the defective ones; read twice.
        groups: of each; relatives share a name. Five groups have defects, and five others have none.
        good: how many are good.
        rule: how the threshold is set.
        seed: shuffles the folds; the one that the detector was learned with.
        progress: called with the number of recordings read, after each.

    Raises:
        BadInputError: a recording that cannot be read or does not fit.
        BackendError: the runtime refuses a graph.
    """
    branch = add_pooled(part)
    heard, pooled = hear_features(part, counted(recordings, progress)), hear_features(_pooling(branch), recordings)
    with threadpool_limits(limits=1, user_api="blas"):
        evidence, part_of = _evidence(pooled, groups, good)
        scores = _good_only(detector, heard, groups, good, seed)
        return taught_by(detector, branch, evidence, scores, part_of, rule, seed)


def _pooling(branch: FeaturePart) -> FeaturePart:
    graph = deepcopy(branch.graph)
    graph.outputs[:] = [POOLED]
    return replace(branch, graph=graph)


def _evidence(pooled: Inputs, groups: Sequence[str], good: int) -> tuple[Evidence, npt.NDArray[np.intp]]:
    """A row per input, without places, and the recording of each."""
    part_of = np.repeat(np.arange(len(pooled)), [len(one) for one in pooled])
    nowhere, no_cells = np.zeros((len(part_of), 1, 1), np.bool_), np.zeros((0, 1, 1, 0), np.float32)
    rows = np.concatenate(pooled).reshape(len(part_of), 1, -1)
    names = tuple(groups[place] for place in part_of.tolist())
    return Evidence(part_of >= good, rows, no_cells, nowhere, names), part_of


def _good_only(
    detector: Detector, heard: Inputs, groups: Sequence[str], good: int, seed: int
) -> npt.NDArray[np.float64]:
    fit = sound_kinds()[detector.selection.kind]
    known = held_out_inputs(heard[:good], groups[:good], seed, fit)
    normality = fit(np.concatenate(heard[:good]), np.random.default_rng(seed))
    return np.concatenate([*known, *(scores_of_inputs(normality, one) for one in heard[good:])])
