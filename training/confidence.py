"""How sure a figure is: intervals for shares and for the AUROC, and whether two AUROCs differ.

Clopper and Pearson, "The use of confidence or fiducial limits", 1934; Newcombe, "Confidence intervals for an effect
size measure based on the Mann-Whitney statistic", part 2, method 5, 2006 (unlike DeLong's it stays wide where every
defect scored above every good part); DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more
correlated ROC curves", 1988; with relatives Obuchowski, "Nonparametric analysis of clustered ROC curve data", 1997.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from converters.gate.metrics import auroc
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    Floats = npt.NDArray[np.floating]

CONFIDENCE = 0.95
HALVINGS = 50


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of a confidence interval, shares from 0 to 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Of two AUROCs on the same parts: the first one, how much greater it is, and that difference's standard error."""

    first: float
    value: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether the first is greater by more than one standard error."""
        return self.value > self.error


def share_interval(hits: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of a share, from `hits` in `trials` (Clopper and Pearson).

    Raises:
        BadInputError: no trials, or more hits than trials.
    """
    if not 0 <= hits <= trials or not trials:
        raise BadInputError(f"wanted hits among one or more trials, found {hits} of {trials}")
    rest = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _falling_root(lambda share: rest - _at_least(hits, trials, share))
    high = 1.0 if hits == trials else _falling_root(lambda share: 1 - _at_least(hits + 1, trials, share) - rest)
    return Interval(low, high)


def none_found_bound(trials: int, confidence: float = CONFIDENCE) -> float:
    """The share that is excluded, one-sided, when none was found in `trials`: about 3 / trials at 95 %.

    Raises:
        BadInputError: no trials.
    """
    if trials < 1:
        raise BadInputError(f"wanted one or more trials, found {trials}")
    return 1 - float((1 - confidence) ** (1 / trials))


def auroc_interval(found: float, good: int, defective: int, confidence: float = CONFIDENCE) -> Interval:
    """Newcombe's interval for an AUROC from `good` and `defective` parts."""
    reach = NormalDist().inv_cdf((1 + confidence) / 2)

    def excess(area: float) -> float:
        return abs(area - found) - reach * sqrt(_variance(area, good, defective))

    low = 0.0 if found == 0 else _falling_root(lambda area: excess(area * found)) * found
    high = 1.0 if found == 1 else 1 - _falling_root(lambda area: excess(1 - area * (1 - found))) * (1 - found)
    return Interval(low, high)


def auroc_difference(
    first: Floats, second: Floats, is_defect: npt.NDArray[np.bool_], groups: Sequence[Hashable] | None = None
) -> Difference:
    """Compare two scores of the same N parts by DeLong's placements, of relatives by Obuchowski's sums of them.

    Args:
        first: N scores.
        second: the same.
        is_defect: N.
        groups: N names that relatives share; by default none has any. A good part's defective relatives count as
            strangers.

    Raises:
        BadInputError: no good or no defective part.
    """
    names = np.arange(len(is_defect)) if groups is None else _numbered(groups)
    areas = [auroc(one[~is_defect], one[is_defect]) for one in (first, second)]
    of_defects, of_good = (
        _placements(first[here], first[~here]) - _placements(second[here], second[~here])
        for here in (is_defect, ~is_defect)
    )
    error = sqrt(_mean_variance(of_defects, names[is_defect]) + _mean_variance(of_good, names[~is_defect]))
    return Difference(areas[0], areas[0] - areas[1], error)


def _variance(area: float, good: int, defective: int) -> float:
    even = (good + defective) / 2
    spread = 1 + (even - 1) * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (good * defective)


def _placements(here: Floats, there: Floats) -> npt.NDArray[np.float64]:
    """For each score here the share of those there that lie below it, ties counting half."""
    ordered = np.sort(there)
    below = np.searchsorted(ordered, here, side="left") + np.searchsorted(ordered, here, side="right")
    return np.asarray(below / (2 * len(ordered)), np.float64)


def _numbered(groups: Sequence[Hashable]) -> npt.NDArray[np.intp]:
    """Each group's number, by its first member."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in groups], np.intp)


def _mean_variance(values: npt.NDArray[np.float64], groups: npt.NDArray[np.intp]) -> float:
    """Of the mean of values of which those of one group go together."""
    present = np.unique(groups)
    count = len(present)
    if count < 2:  # noqa: PLR2004 - one says nothing of how they differ
        return inf
    sums = np.bincount(groups, values - values.mean())[present] * (count / len(values))
    return float((sums * sums).sum()) / (count - 1) / count


def _at_least(hits: int, trials: int, share: float) -> float:
    """Chance of `hits` or more in `trials`."""
    if share in {0.0, 1.0}:
        return float(hits == 0 or share == 1.0)
    logarithms = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    counts = np.arange(hits, trials + 1)
    ways = logarithms[trials] - logarithms[counts] - logarithms[trials - counts]
    return float(np.exp(ways + counts * np.log(share) + (trials - counts) * np.log1p(-share)).sum())


def _falling_root(function: Callable[[float], float]) -> float:
    """Where a function that is positive first and negative later crosses zero, between 0 and 1."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2
