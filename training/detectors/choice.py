"""Which detector and which layer of the network suit these parts: chosen on the good parts alone.

Each candidate learns two thirds of the parts and judges the rest, nine times in all; and with each part four copies of
it on which faults are drawn. What counts is the separation: by how many standard deviations of the good parts' log
scores a drawn fault raises the log score of its own part. Scores are lognormal and the threshold stands at a number of
those standard deviations, so this is what a fault has to bridge. The deviation is taken from the quartiles: one odd
part among twenty would decide otherwise.

On photographs it ranks detectors nearly as their true AUROC does, which neither the AUROC of drawn faults against good
parts nor the spread of good scores did (docs/decisions/175). From few parts it is unsure, and what is known from many
sets stands against it: the first kind is left only for one that separates a quarter better, and the first layer only
for one that separates half as well again.

Where the usual one raises a drawn fault by many deviations, the parts are much alike and every kind notices such
faults. A mean over them tells kinds apart no more, and what is missed is fainter than they are: the usual kind stays,
on the finest layer on which it notices them all, too (docs/decisions/202).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.detectors.crossvalidation import judged_while_held_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from training.detectors.normality import Fit

FOLDS = 3
REPEATS = 3
# Between the quartiles of a normal distribution, in standard deviations.
QUARTILES_APART = 1.349
CLEARLY_BETTER = 0.25
OTHER_LAYER_BETTER = 0.5
ALL_NOTICED = 6.0
"""Standard deviations by which a drawn fault is raised; photographs showed 0.3 to 4.0, drawn parts 10 and more."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a candidate showed.

    kind: of detector. stride_px: of the layer that it sees with. separation: see above; greater is better.
    """

    kind: str
    stride_px: int
    separation: float


def separation(
    features: npt.NDArray[np.float32], faulty: npt.NDArray[np.float32], groups: Sequence[str], seed: int, fit: Fit
) -> float:
    """By how many standard deviations a drawn fault raises a held-out part's log score.

    Args:
        features: N×V×h×w×C, the photograph first, then its copies.
        faulty: N×F×h×w×C, F copies of each photograph with a fault.
        groups: N names; relatives are held out together.
        seed: shuffles the groups, and is what each fit draws from.
        fit: learns.
    """
    judged = np.concatenate([features[:, :1], faulty], axis=1)
    found = []
    for repeat in range(REPEATS):
        scores, _ = judged_while_held_out(features, judged, groups, seed + repeat, fit, FOLDS)
        logs = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        low, high = np.quantile(logs[:, 0], [0.25, 0.75])
        spread = max(float(high - low) / QUARTILES_APART, float(np.finfo(np.float32).eps))
        found.append(float((logs[:, 1:] - logs[:, :1]).mean()) / spread)
    return float(np.mean(found))


def preferred(trials: Sequence[Trial]) -> Trial:
    """The trial to follow; the first one is the usual kind on the usual layer."""
    first = trials[0]
    if first.separation >= ALL_NOTICED:
        noticing = [one for one in trials if one.kind == first.kind and one.separation >= ALL_NOTICED]
        return min(noticing, key=lambda one: one.stride_px)
    usual_layer = [one for one in trials if one.stride_px == first.stride_px]
    kind = _clearly_better(usual_layer, first, CLEARLY_BETTER)
    return _clearly_better(trials, kind, OTHER_LAYER_BETTER)


def _clearly_better(trials: Sequence[Trial], first: Trial, margin: float) -> Trial:
    best = max(trials, key=lambda one: one.separation)
    return best if best.separation > first.separation + margin * abs(first.separation) else first
