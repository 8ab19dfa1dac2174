"""Where to draw the line between good and defect, from the scores of good parts alone.

A lognormal is fitted to cross-validated scores: threshold = exp(mean + 1.645 sd) of their logarithms, the 95th
percentile, so that 5 % of good parts would be called defective. From twenty parts a rank-based (conformal) rule holds
that share too but misses most defects; the fit is the better default.

The interval is the delta method's: the estimate mean + k sd of a normal sample of n has the standard error
sd × sqrt(1/n + k² / (2 (n - 1))). It covers chance, not a line that changes: where tomorrow's good parts differ from
these, estimate again on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
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
REFERENCE_QUANTILES = 21


@dataclass(frozen=True, slots=True)
class Threshold:
    """A part is a defect when its score reaches `value`.

    low, high: the 90 % interval of `value`.
    overkill: share of good parts that would be called defective, as asked for.
    overkill_low, overkill_high: the 90 % interval of the share that this `value` really gives.
    samples: how many good scores it rests on.
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
    rule: str = "lognormal"
    confidence: float | None = None


def lognormal_threshold(scores: Sequence[float], overkill: float = OVERKILL) -> Threshold:
    """Fit to positive scores of good parts, each from a model that had not seen the part.

    Raises:
        BadInputError: fewer than five scores, a score that is not positive and finite, or scores without spread.
    """
    if len(scores) < FEWEST_SCORES or not all(0 < one < float("inf") for one in scores):
        raise BadInputError(
            f"wanted {FEWEST_SCORES} or more positive scores of good parts, found {len(scores)}; add good parts"
        )
    logs = [log(one) for one in scores]
    centre, spread, count = fmean(logs), stdev(logs), len(logs)
    if not spread > 0:
        raise BadInputError("wanted scores of good parts that differ, found one score for all; take new photographs")
    normal = NormalDist()
    reach = normal.inv_cdf(1 - overkill)
    error = normal.inv_cdf((1 + CONFIDENCE) / 2) * sqrt(1 / count + reach**2 / (2 * (count - 1)))
    low, value, high = (exp(centre + spread * k) for k in (reach - error, reach, reach + error))
    lowest, highest = (1 - normal.cdf(k) for k in (reach + error, reach - error))
    return Threshold(value, low, high, overkill, lowest, highest, count)


def score_reference(scores: Sequence[float]) -> ScoreReference:
    """How good parts scored, for the board to compare with: 21 quantiles of five or more finite scores."""
    quantiles = np.quantile(
        np.asarray(scores, np.float64), np.linspace(0, 1, REFERENCE_QUANTILES), method="inverted_cdf"
    )
    return ScoreReference(quantiles=tuple(quantiles.tolist()), samples=len(scores))
