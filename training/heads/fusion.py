"""What a head learned from defects, added to what the good parts alone say.

A detector's scores are lognormal, so they are added where they are normal: the logarithm of the good-only score and a
head's logit, both in deviations of held-out good parts. Written as a score again that is the good-only score g times a
factor that is one for a typical good part:

    sum      g × exp(slope (logit - centre)), slope = sd(log g) / sd(logit) × share / (1 - share)
    maximum  whichever is greatest: g, or the typical g times the factor of a head alone

The share is how much of the say the head gets: half-way between one half and what a logistic regression on both voices
learns, so between a quarter and three quarters. The sum never forgets what the good parts say: a handful of labels
alone is worse than none. Nor can a head make anything better than the best good part made it: what no head has seen may
give any logit, and must not be good because of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from training.heads.logistic import fit_logistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    Floats = npt.NDArray[np.float64]

Choice = Literal["good-only", "sum", "cell", "maximum"]
"""`sum`: with the head on the whole picture; `cell`: with the head on its places, which needs boxes."""

POOLED_HEAD = "pooled"
CELL_HEAD = "cell"
ADDED: dict[Choice, str] = {"sum": POOLED_HEAD, "cell": CELL_HEAD}

LARGEST_EXPONENT = 30.0
"""A factor of 1e13 is a defect for certain, and float32 still holds what it multiplies."""

LEAST_DEVIATION = 1e-6

EQUAL_SHARE = 0.5
SHARE_STRENGTH = 0.1


@dataclass(frozen=True, slots=True)
class Gain:
    """How a head's logit becomes a factor: exp(slope × (logit - centre)).

    least: the exponent is no less, as of the best held-out good part; and no more than `LARGEST_EXPONENT`.
    """

    slope: float
    centre: float
    least: float

    def factor(self, logits: npt.NDArray[np.floating]) -> Floats:
        """One factor per logit."""
        exponents = self.slope * (np.asarray(logits, np.float64) - self.centre)
        return np.exp(np.clip(exponents, self.least, LARGEST_EXPONENT))


@dataclass(frozen=True, slots=True)
class Fusion:
    """How scores are joined.

    typical: the geometric mean of held-out good parts' good-only scores.
    gains: of every head, by its name.
    """

    choice: Choice
    typical: float
    gains: Mapping[str, Gain]

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads that the choice hears, in a fixed order."""
        if self.choice == "maximum":
            return tuple(sorted(self.gains))
        return (ADDED[self.choice],) if self.choice in ADDED else ()

    def joined(self, good_only: Floats, logits: Mapping[str, Floats]) -> Floats:
        """N joined scores, positive, from N good-only scores and each head's N logits."""
        factors = [self.gains[one].factor(logits[one]) for one in self.heads]
        if self.choice == "maximum":
            return np.asarray(np.maximum.reduce([good_only, *(self.typical * one for one in factors)]))
        product = good_only
        for factor in factors:
            product = product * factor
        return product


def gains_of(good_only: Floats, logits: Mapping[str, Floats], is_defect: npt.NDArray[np.bool_]) -> dict[str, Gain]:
    """Each head's gain, from held-out good-only scores and logits of N parts."""
    scores = np.log(good_only)
    return {name: _gain(scores, values, is_defect) for name, values in logits.items()}


def _gain(scores: Floats, logits: Floats, is_defect: npt.NDArray[np.bool_]) -> Gain:
    (score_centre, score_reach), (centre, reach) = (_of_good(one[~is_defect]) for one in (scores, logits))
    voices = np.stack([(scores - score_centre) / score_reach, (logits - centre) / reach], axis=1)
    share = (_learned_share(voices, is_defect) + EQUAL_SHARE) / 2
    slope = score_reach / reach * share / (1 - share)
    return Gain(slope, centre, slope * (float(logits[~is_defect].min()) - centre))


def _of_good(values: Floats) -> tuple[float, float]:
    return float(values.mean()), max(float(values.std()), LEAST_DEVIATION)


def _learned_share(voices: Floats, is_defect: npt.NDArray[np.bool_]) -> float:
    """How much of the say the second of two voices gets when it is learned which of them tells the defects."""
    weights = np.maximum(fit_logistic(voices, is_defect, SHARE_STRENGTH).weights, 0)
    return float(weights[1] / weights.sum()) if weights.sum() > 0 else EQUAL_SHARE
