"""Whether a row of samples grows: a straight line through them, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURE, _FEW = 1.96, 2.4
"""Standard errors of a 95 % interval: 1.96 of many samples, Student's, 1.96 + 2.4 / (n - 2) at about, of few."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Per hour, with its 95 % interval."""

    per_h: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.per_h:+.2f} per h (95 %: {self.low:+.2f} to {self.high:+.2f})"


def slope(at_s: Sequence[float], values: Sequence[float]) -> Slope:
    """The least-squares line.

    Memory moves in steps, so neighbours resemble each other and n samples say less than n: the error is widened by the
    first autocorrelation of the residuals, sqrt((1 + r) / (1 - r)) (Bayley and Hammersley, 1946).
    """
    hours, found = np.asarray(at_s) / 3600, np.asarray(values, float)
    centred = hours - hours.mean()
    per_h = float(centred @ found / (centred @ centred))
    residuals = found - found.mean() - per_h * centred
    spread = float(residuals @ residuals)
    error = np.sqrt(spread / (len(found) - 2) / (centred @ centred))
    r = min(max(float(residuals[:-1] @ residuals[1:]) / spread, 0.0), 0.99) if spread else 0.0
    reach = float((_SURE + _FEW / (len(found) - 2)) * error * np.sqrt((1 + r) / (1 - r)))
    return Slope(per_h, per_h - reach, per_h + reach)


def ends(values: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and of the last quarter."""
    quarter = max(len(values) // 4, 1)
    return median(values[:quarter]), median(values[-quarter:])
