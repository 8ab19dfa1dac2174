"""Which trial is taken: the usual one, unless another is better by more than chance explains.

The best of many trials looks better than it is, the more so the fewer the parts that judged. What is known from many
sets stands for the usual candidate, as it does where `lepton train` chooses by itself: on good parts alone it is left
for one that separates half as well again (`training.detectors.choice`), with labelled defects for one whose AUROC is
greater by more than one standard error of the difference (`training.heads.choice`), and a network for one whose score
is greater by more than one standard error of its own; by more errors where many were tried (`errors_ahead`). Where the
usual one passes a limit, or cannot be trained, the best is taken. Of equals it is the smaller one.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError, RefusedError
from training.confidence import auroc_difference
from training.detectors.choice import OTHER_LAYER_BETTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.search.judged import Judged, Limits
    from training.search.rounds import Tried
    from training.search.space import Criterion, Params


def chosen(trials: Sequence[Tried], criterion: Criterion, usual: Params, limits: Limits) -> Tried:
    """The trial whose recipe is taken.

    Args:
        trials: all that ended.
        criterion: what their quality means.
        usual: the candidate that is left only for a clearly better one.
        limits: those that pass them are not taken.

    Raises:
        BadInputError: no trial was judged, or the usual one has not ended.
        RefusedError: none keeps the limits.
    """
    judged = [(one, one.judged) for one in trials if one.judged is not None]
    if not judged:
        raise BadInputError("wanted a trial to choose from, found none that was judged; give more --minutes")
    if all(one.params != usual for one in trials):
        raise BadInputError(
            f"wanted the usual recipe among the {len(trials)} trials that ended, found that it still runs; others are "
            "taken only where they are clearly better: call this again when it has ended"
        )
    kept = [(trial, found) for trial, found in judged if limits.holds(found)]
    if not kept:
        least_ms, least_bytes = (min(getattr(found, key) for _, found in judged) for key in ("ms", "model_bytes"))
        raise RefusedError(
            f"wanted a recipe within the limits, found none among {len(judged)} trials (the least: {least_ms:.2f} ms; "
            f"{least_bytes:,} bytes); raise --most-ms or --most-bytes, or search on with other options"
        )
    best = max(kept, key=lambda one: (one[1].quality, -one[1].model_bytes, -one[0].number))
    stay = next((one for one in kept if one[0].params == usual), None)
    if stay is None:
        return best[0]
    errors = errors_ahead(len(kept) - 1)
    clear = [one for one in kept if one is not stay and _is_clear(one[1], stay[1], criterion, errors)]
    return max(clear, key=lambda one: (one[1].quality, -one[1].model_bytes), default=stay)[0]


def errors_ahead(trials: int) -> float:
    """By how many standard errors one of so many must be ahead.

    One error where there is one, which a candidate that is no better passes with 16 %. Of many the greatest of as many
    normal deviates passes with no more (Šidák, "Rectangular confidence regions for the means of multivariate normal
    distributions", 1967): 2.5 errors for 30.
    """
    return NormalDist().inv_cdf(NormalDist().cdf(1.0) ** (1 / max(trials, 1)))


def _is_clear(one: Judged, usual: Judged, criterion: Criterion, errors: float) -> bool:
    if criterion == "separation":
        return one.quality > usual.quality + OTHER_LAYER_BETTER * abs(usual.quality)
    if criterion == "score":
        # Of values from 0 to 1 none vary more than those that are 0 or 1.
        return one.quality > usual.quality + errors * sqrt(usual.quality * (1 - usual.quality) / usual.parts)
    scores = [np.array([*found.good, *found.defective]) for found in (one, usual)]
    is_defect = np.arange(len(scores[0])) >= len(one.good)
    difference = auroc_difference(scores[0], scores[1], is_defect, usual.groups or None)
    return difference.value > errors * difference.error
