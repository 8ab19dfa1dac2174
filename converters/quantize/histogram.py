"""Histograms of values whose range is not known beforehand.

A bin is a power of two wide and begins at a multiple of its width. When a value lies too far out for the bins that are
kept, every two neighbours become one. No count is ever moved by that: the result is the same as if the range had been
known from the start, in whatever order the values came and however they were divided among histograms.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_BINS = 16384
"""Bins that are kept while values come: at least four per bin of the 2,048 that a range rule gets."""

_SMALLEST_EXPONENT = -126
"""No bin is narrower than float32's smallest normal number."""

_BITS_OF_A_PLACE = 50
"""A bin's number must be a whole number that float64 holds, however narrow the range and however far from zero."""

_SIGN_BIT = 63
"""Shifting an int64 by so much leaves its sign: bins far narrower than the new one all fall together."""


class GrowingHistogram:
    """Counts of values; the bins widen as the range grows.

    Example:
        histogram = GrowingHistogram()
        histogram.add(np.array([0.5, 2.0, -1.0]))
        counts = histogram.counts(2048, -1.0, 2.0)
    """

    def __init__(self) -> None:
        self._lowest, self._highest = math.inf, -math.inf
        self._exponent = _SMALLEST_EXPONENT
        self._first = 0
        self._counts: npt.NDArray[np.int64] = np.zeros(0, np.int64)

    def add(self, values: npt.NDArray[np.floating]) -> None:
        """Count finite values, in any shape."""
        if not values.size:
            return
        values = values.reshape(-1)
        self._reach(float(values.min()), float(values.max()))
        # Scaling by a power of two is exact: a value falls into the same bin whatever was counted before.
        # In float32 what is scaled down could vanish, and with it on which side of zero it lies.
        precision = np.dtype(np.float64) if self._exponent > 0 else values.dtype
        scaled = values.astype(precision, copy=False) * precision.type(math.ldexp(1.0, -self._exponent))
        places = np.floor(scaled, out=scaled).astype(np.int64)
        places -= self._first
        self._counts += np.bincount(places, minlength=self._counts.size)

    def merge(self, other: GrowingHistogram) -> None:
        """Count all that `other` counted; `other` is left as it was."""
        if not other._counts.size:
            return
        self._reach(other._lowest, other._highest)
        first, counts = other._joined(self._exponent)
        self._counts[first - self._first :][: counts.size] += counts

    def counts(self, bins: int, lowest: float, highest: float) -> npt.NDArray[np.int64]:
        """The counts in `bins` equal bins from `lowest` to `highest`, which hold all that was counted.

        What one kept bin counts is taken to lie evenly in it. Where both ends are equal, the first bin has all.
        """
        if highest <= lowest:
            return np.append(self._counts.sum(), np.zeros(bins - 1, np.int64))
        kept_edges = (self._first + np.arange(self._counts.size + 1)) * math.ldexp(1.0, self._exponent)
        below = np.concatenate(([0], np.cumsum(self._counts)))
        reached = np.rint(np.interp(np.linspace(lowest, highest, bins + 1), kept_edges, below)).astype(np.int64)
        reached[0], reached[-1] = 0, below[-1]
        return np.diff(reached)

    def _reach(self, lowest: float, highest: float) -> None:
        """Make the bins wide and many enough for two values and all between."""
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self._widen(max(self._exponent, _exponent_for(self._lowest, self._highest)))
        first, last = (math.floor(math.ldexp(end, -self._exponent)) for end in (self._lowest, self._highest))
        if self._counts.size:
            before, after = self._first - first, last + 1 - self._first - self._counts.size
            self._counts = np.pad(self._counts, (before, after)) if before or after else self._counts
        else:
            self._counts = np.zeros(last - first + 1, np.int64)
        self._first = first

    def _widen(self, exponent: int) -> None:
        """Join neighbours until a bin is 2 to the power of `exponent` wide."""
        if exponent > self._exponent and self._counts.size:
            self._first, self._counts = self._joined(exponent)
        self._exponent = exponent

    def _joined(self, exponent: int) -> tuple[int, npt.NDArray[np.int64]]:
        """The counts in bins that are 2 to the power of `exponent` wide, and the number of the first."""
        if exponent == self._exponent:
            return self._first, self._counts
        own = self._first + np.arange(self._counts.size, dtype=np.int64)
        places = own >> min(exponent - self._exponent, _SIGN_BIT)
        starts = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
        return int(places[0]), np.add.reduceat(self._counts, starts)


def _exponent_for(lowest: float, highest: float) -> int:
    """The least exponent with which `MOST_BINS` bins reach from one end to the other."""
    span_exponent = math.frexp((highest - lowest) / (MOST_BINS - 1))[1] if highest > lowest else _SMALLEST_EXPONENT
    furthest = max(abs(lowest), abs(highest))
    return max(span_exponent, math.frexp(furthest)[1] - _BITS_OF_A_PLACE, _SMALLEST_EXPONENT)
