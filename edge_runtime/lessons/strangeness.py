"""How far a part lies beyond every known good part, towards each part that was taught as defective.

Each taught part has a ridge regression of its own against the known good parts, and the greatest of their answers
counts. So what one lesson finds never depends on another: one more lesson makes no part look better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.lessons.ridge import fit_ridge

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

LEAST_DEVIATION = 1e-6
MARGIN = 1.5
"""Deviations beyond the strangest known good part from which a part counts as strange: the greatest of many answers of
a good part is beyond by chance. Tried from 0 to 3 on cookies and aliens, see decision 194."""

LARGEST = 1e6
"""On the scale of the known parts, where they lie within a few units: beyond it float64 solves no ridge any more."""


@dataclass(frozen=True, slots=True)
class Strangeness:
    """Of L taught parts.

    weights, bias: L×D and L; answers are weights · row + bias.
    limit, reach: L each; the greatest answer and the deviation of the answers of the known good parts, each by a fit
        that did not know it.
    """

    weights: Floats
    bias: Floats
    limit: Floats
    reach: Floats

    def beyond(self, row: Floats) -> float:
        """How far beyond the margin of the strangest known good part, in deviations; below 0 for good parts."""
        return float(((self.weights @ row + self.bias - self.limit) / self.reach).max()) - MARGIN


def learn_strangeness(good: Floats, defective: Floats) -> Strangeness:
    """From N×D known good rows and L×D taught ones, on one scale.

    Raises:
        ValueError: the numbers are too large to be learned.
    """
    if np.abs(defective).max() > LARGEST:
        raise ValueError(f"wanted numbers of a part within {LARGEST:g} times those of good parts, found some too large")
    fits = [_apart(good, row) for row in defective]
    weights, bias, limit, reach = (np.asarray(one, np.float64) for one in zip(*fits, strict=True))
    if not all(np.isfinite(one).all() for one in (weights, bias, limit, reach)):
        raise ValueError("wanted numbers of a part that can be learned, found some too large")
    return Strangeness(weights, bias, limit, reach)


def _apart(good: Floats, row: Floats) -> tuple[Floats, float, float, float]:
    ridge = fit_ridge(np.vstack([good, row]), np.arange(len(good) + 1) == len(good))
    answers = ridge.left_out[:-1]
    return ridge.weights, ridge.bias, float(answers.max()), max(float(answers.std()), LEAST_DEVIATION)
