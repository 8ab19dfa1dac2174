"""Where to draw the line between good and defect, from the scores of good parts alone.

A lognormal is fitted to cross-validated scores: threshold = exp(mean + 1.645 sd) of their logarithms, the 95th
percentile, so that 5 % of good parts would be called defective. From twenty parts a rank-based (conformal) rule holds
that share too but misses most defects; the fit is the better default.

The interval is the delta method's: the estimate mean + k sd of a normal sample of n has the standard error
sd × sqrt(1/n + k² / (2 (n - 1))). n counts relatives once: twenty photographs of one part say of others what one
does. It covers chance, not a line that changes: where tomorrow's good parts differ from these, estimate again on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, log, sqrt
from statistics import NormalDist, fmean, stdev
from typing import TYPE_CHECKING

import numpy as np

from converters.gate.metrics import OVERKILL
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ScoreReference

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.90
FEWEST_SCORES = 5
FEWEST_GROUPS = 2
"""From one nothing is known of how parts differ."""

REFERENCE_QUANTILES = 21


@dataclass(frozen=True, slots=True)
class Threshold:
    """A part is a defect when its score reaches `value`.

    low, high: the 90 % interval of `value`.
    overkill: share of good parts that would be called defective, as asked for.
    overkill_low, overkill_high: the 90 % interval of the share that this `value` really gives.
    samples: how many good scores it rests on.
    groups: how many there are where relatives count once.
    rule: how it was set.
    confidence: of the promise that `overkill` is not exceeded; None where the rule only expects it.
    """

    value: float
    low: float
    high: float
    overkill: float
    overkill_low: float
    overkill_high: float
    samples: int
    groups: int
    rule: str = "lognormal"
    confidence: float | None = None


def require_finite(scores: Sequence[float], whose: str = "good parts") -> None:
    """Refuse scores among which some are no number: none could be compared with them.

    Raises:
        BadInputError: says how many.
    """
    if odd := sum(not isfinite(one) for one in scores):
        raise BadInputError(
            f"wanted finite scores of {whose}, found {odd} of {len(scores)} that are not; look at these samples and at "
            "the network"
        )


def lognormal_threshold(
    scores: Sequence[float], overkill: float = OVERKILL, groups: Sequence[str] | None = None
) -> Threshold:
    """Fit to positive scores of good parts, each from a model that had not seen the part.

    Args:
        scores: five or more.
        overkill: share of good parts.
        groups: a name per score that relatives share; by default none has any. They widen the interval alone.

    Raises:
        BadInputError: fewer than five scores or two groups, a score that is not positive and finite, or scores without
            spread.
    """
    require_finite(scores)
    count = len(scores) if groups is None else len(set(groups))
    if len(scores) < FEWEST_SCORES or count < FEWEST_GROUPS:
        raise BadInputError(
            f"wanted {FEWEST_SCORES} or more scores of good parts that are not all relatives, found {len(scores)} in "
            f"{count} group{'s' if count != 1 else ''}; add good parts"
        )
    if nought := sum(one <= 0 for one in scores):
        raise BadInputError(
            f"wanted positive scores of good parts, found {nought} of {len(scores)} that are 0 or less; look at these "
            "samples and at the network"
        )
    logs = [log(one) for one in scores]
    centre, spread = fmean(logs), stdev(logs)
    if not spread > 0:
        raise BadInputError("wanted scores of good parts that differ, found one score for all; take new photographs")
    normal = NormalDist()
    reach = normal.inv_cdf(1 - overkill)
    error = normal.inv_cdf((1 + CONFIDENCE) / 2) * sqrt(1 / count + reach**2 / (2 * (count - 1)))
    low, value, high = (exp(centre + spread * k) for k in (reach - error, reach, reach + error))
    lowest, highest = (1 - normal.cdf(k) for k in (reach + error, reach - error))
    return Threshold(value, low, high, overkill, lowest, highest, len(scores), count)


def score_reference(scores: Sequence[float]) -> ScoreReference:
    """How good parts scored, for the board to compare with: 21 quantiles of five or more finite scores."""
    quantiles = np.quantile(
        np.asarray(scores, np.float64), np.linspace(0, 1, REFERENCE_QUANTILES), method="inverted_cdf"
    )
    return ScoreReference(quantiles=tuple(quantiles.tolist()), samples=len(scores))
