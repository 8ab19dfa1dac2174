"""A threshold that keeps a promise: at most so much overkill, at such a confidence, whatever the scores' distribution.

The threshold is one of the held-out scores. When the k-th smallest of n scores is the limit, the share of good parts
above it has the distribution Beta(n - k + 1, k), so the smallest k is taken for which it stays within the promise at
the confidence asked for: a one-sided tolerance bound (Wilks, "Determination of sample sizes for setting tolerance
limits", 1941; Vovk, "Conditional validity of inductive conformal predictors", 2012). 5 % at 90 % takes 45 scores.

It is exact for scores of one detector. Here each comes from a detector that learned four fifths of the parts, and the
one that is shipped learned all: it scores new parts a little lower, which errs on the side of the promise. The bench
counts how often the promise is broken (docs/decisions/176).
"""

from __future__ import annotations

from math import ceil, inf, log, nextafter
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from training.confidence import share_interval
from training.detectors.threshold import CONFIDENCE, Threshold, require_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

ROUNDING = 1e-12


def conformal_threshold(scores: Sequence[float], overkill: float, confidence: float = CONFIDENCE) -> Threshold:
    """The lowest limit among finite scores of good parts that promises `overkill` at `confidence`.

    Args:
        scores: one per part, or the worst per group where parts are relatives; each from a detector that had not seen
            it.
        overkill: share of good parts that may be called defective at most.
        confidence: chance, over the choice of parts, that the promise is kept.

    Raises:
        BadInputError: too few scores for the promise (the message says how many are missing), or one that is no number.
    """
    require_enough(len(scores), overkill, confidence)
    require_finite(scores)
    falling = sorted(scores, reverse=True)
    chances = _chances_of_at_most(len(scores), overkill)
    above = int(np.searchsorted(chances, 1 - confidence, side="right")) - 1
    reach = share_interval(above, len(scores), CONFIDENCE)
    # A part is a defect when its score reaches the threshold, and the limit itself is still good.
    value = nextafter(falling[above], inf)
    return Threshold(
        value=value,
        low=falling[min(int(np.searchsorted(chances, (1 + CONFIDENCE) / 2)), len(scores) - 1)],
        high=value,
        overkill=overkill,
        overkill_low=reach.low,
        overkill_high=reach.high,
        samples=len(scores),
        groups=len(scores),
        rule="conformal",
        confidence=confidence,
    )


def fewest_scores(overkill: float, confidence: float = CONFIDENCE) -> int:
    """How many scores the promise takes: with so many the greatest of them is the limit."""
    return ceil(round(log(1 - confidence) / log(1 - overkill), 9))


def require_enough(found: int, overkill: float, confidence: float = CONFIDENCE, reason: str = "") -> None:
    """Refuse a promise that `found` parts, or groups of relatives, cannot give; `reason` says why there are no more.

    Raises:
        BadInputError: too few; the message says how many are missing.
    """
    wanted = fewest_scores(overkill, confidence)
    if found < wanted:
        raise BadInputError(
            f"wanted {wanted} or more good parts (or groups of relatives) for a promise of {overkill:g} overkill at "
            f"{confidence:.0%} confidence, found {found}; take {wanted - found} more, or use the lognormal rule{reason}"
        )


def _chances_of_at_most(trials: int, share: float) -> npt.NDArray[np.float64]:
    """For each count from 0 to `trials` the chance of so many or fewer hits, each a hit with the chance `share`."""
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    hits = np.arange(trials + 1)
    ways = logarithms[trials] - logarithms[hits] - logarithms[trials - hits]
    # A hair less, so that the sum's rounding never refuses the fewest scores that are enough.
    return np.cumsum(np.exp(ways + hits * np.log(share) + (trials - hits) * np.log1p(-share))) * (1 - ROUNDING)
