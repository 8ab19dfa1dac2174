"""Which range of an activation int8 should cover: the rules, each from one observation to (lowest, highest)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from converters.quantize.activation import BINS, Observation

if TYPE_CHECKING:
    import numpy.typing as npt

Range = tuple[float, float]
Rule = Callable[[Observation], Range]

_STEPS = 255
_LOST = 20.0
"""What a share of the values counts that int8 gives no place, in nats: the divergence itself would be infinite."""
_SHARES = np.linspace(0.25, 1.0, 31)
_POWERS: dict[float, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    2.0: np.square,
    2.5: lambda values: np.square(values) * np.sqrt(values),
}
"""numpy's own power of 2.5 takes five times as long."""


def least_squared_error(seen: Observation) -> Range:
    """The range whose int8 rounding and clipping cost the least squared error over the histogram.

    Both ends are tried at 31 shares, a quarter to the whole, of what was seen.
    """
    return _least_error(seen, 2.0)


def least_error_of_power_two_and_a_half(seen: Observation) -> Range:
    """The same for the error's power of 2.5: what is clipped counts more, so that less is clipped.

    Between the least squared error (2), which gives up large values for many small ones, and the extremes (infinity).
    Li et al., "BRECQ", ICLR 2021, choose scales by the power of 2.4; 2 clips what networks decide by on unlike inputs.
    """
    return _least_error(seen, 2.5)


def extremes(seen: Observation) -> Range:
    """All that was seen."""
    return seen.lowest, seen.highest


def all_but_one_in_ten_thousand(seen: Observation) -> Range:
    """What remains when 0.01 % of the values are cut off at each end."""
    if seen.highest <= seen.lowest:
        return seen.lowest, seen.highest
    edges = np.linspace(seen.lowest, seen.highest, BINS + 1)
    share = np.concatenate(([0.0], np.cumsum(seen.histogram))) / max(int(seen.histogram.sum()), 1)
    return float(np.interp(1e-4, share, edges)), float(np.interp(1 - 1e-4, share, edges))


def least_divergence(seen: Observation) -> Range:
    """The range under which int8 keeps most of what the histogram tells: its least relative entropy to the histogram.

    Both ends are cut to the same share, one of 31 from a quarter to the whole; what is cut off counts at the ends
    (Migacz, "8-bit inference with TensorRT", GTC 2017, with ends that need not be symmetric).
    """
    lowest, highest = min(seen.lowest, 0.0), max(seen.highest, 0.0)
    if highest <= lowest or seen.highest <= seen.lowest:
        return seen.lowest, seen.highest
    centres = seen.lowest + (np.arange(BINS) + 0.5) * (seen.highest - seen.lowest) / BINS
    counts = seen.histogram.astype(np.float64)
    costs = [_divergence(centres, counts, lowest * share, highest * share) for share in _SHARES[::-1]]
    share = float(_SHARES[::-1][int(np.argmin(costs))])
    return lowest * share, highest * share


RULES: dict[str, Rule] = {
    "min-max": extremes,
    "l2.5": least_error_of_power_two_and_a_half,
    "mse": least_squared_error,
    "p99.99": all_but_one_in_ten_thousand,
    "entropy": least_divergence,
}
"""The rules by the name that recipes use."""


def _least_error(seen: Observation, power: float) -> Range:
    """The range with the least error, clipped values by their distance, the others as rounding spreads them.

    An error that is even over a step of s has the mean power (s / 2)^p / (p + 1). Zero has a step of its own: what lies
    in its bin counts as exact.
    """
    lowest, highest = min(seen.lowest, 0.0), max(seen.highest, 0.0)
    width = (seen.highest - seen.lowest) / BINS
    centres = seen.lowest + (np.arange(BINS) + 0.5) * width
    used = (seen.histogram > 0) & (np.abs(centres) > width / 2)
    centres, counts = centres[used], seen.histogram[used].astype(np.float64)
    lows, highs = np.unique(lowest * _SHARES), np.unique(highest * _SHARES)
    below, lost_below = _clipped(-centres[::-1], counts[::-1], -lows, power)
    above, lost_above = _clipped(centres, counts, highs, power)
    steps = (highs[None, :] - lows[:, None]) / _STEPS
    rounded = counts.sum() - below[:, None] - above[None, :]
    costs = lost_below[:, None] + lost_above[None, :] + rounded * (steps / 2) ** power / (power + 1)
    best_low, best_high = np.unravel_index(int(np.argmin(costs)), costs.shape)
    return float(lows[best_low]), float(highs[best_high])


def _clipped(
    centres: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], ends: npt.NDArray[np.float64], power: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """For each end: how many values lie above it, and the sum of their distances' powers; `centres` ascend."""
    first = int(np.searchsorted(centres, ends.min()))
    beyond = np.maximum(centres[None, first:] - ends[:, None], 0.0)
    up_to = np.concatenate(([0.0], np.cumsum(counts)))
    above = up_to[-1] - up_to[np.searchsorted(centres, ends, side="right")]
    return above, _POWERS[power](beyond) @ counts[first:]


def _divergence(
    centres: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], lowest: float, highest: float
) -> float:
    """Relative entropy of what int8 keeps of a histogram to the histogram cut to a range."""
    inside = (centres >= lowest) & (centres <= highest)
    if not inside.any():
        return np.inf
    cut = counts[inside].copy()
    cut[0] += counts[centres < lowest].sum()
    cut[-1] += counts[centres > highest].sum()
    step = np.clip((centres[inside] - lowest) * (_STEPS / (highest - lowest)) + 0.5, 0, _STEPS).astype(np.int64)
    kept = counts[inside]
    used = kept > 0
    per_step = np.bincount(step, kept, minlength=_STEPS + 1)
    bins = np.bincount(step[used], minlength=_STEPS + 1)
    spread = np.where(used, per_step[step] / np.maximum(bins[step], 1), 0.0)
    p, q = cut / cut.sum(), spread / max(float(spread.sum()), np.finfo(np.float64).tiny)
    both = (p > 0) & (q > 0)
    lost = float(p[(p > 0) & (q == 0)].sum())
    return float((p[both] * np.log(p[both] / q[both])).sum()) + lost * _LOST
