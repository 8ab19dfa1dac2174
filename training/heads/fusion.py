"""What a head learned from defects, added to what the good parts alone say.

A detector's scores are lognormal, so they are added where they are normal: the logarithm of the good-only score and a
head's logit, both in deviations of held-out good parts. Written as a score again that is the good-only score g times a
factor that is one for a typical good part:

    sum      g × exp(gain (logit - centre)), gain = sd(log g) / sd(logit)
    maximum  whichever is greatest: g, or the typical g times the factor of a head alone

The sum never forgets what the good parts say: a handful of labels alone is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True, slots=True)
class Gain:
    """How a head's logit becomes a factor: exp(slope × (logit - centre)), the exponent at most `LARGEST_EXPONENT`."""

    slope: float
    centre: float

    def factor(self, logits: npt.NDArray[np.floating]) -> Floats:
        """One factor per logit."""
        return np.exp(np.minimum(self.slope * (np.asarray(logits, np.float64) - self.centre), LARGEST_EXPONENT))


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


def gains_of(good_only: Floats, logits: Mapping[str, Floats]) -> dict[str, Gain]:
    """Each head's gain, from held-out good parts' good-only scores and logits."""
    reach = float(np.log(good_only).std())
    return {
        name: Gain(reach / max(float(values.std()), LEAST_DEVIATION), float(values.mean()))
        for name, values in logits.items()
    }
