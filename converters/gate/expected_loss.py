"""What changed classes cost where nobody knows the right ones: the float model's own probabilities stand for labels.

A classifier that is undecided between two classes loses next to nothing when the artefact takes the other one; one that
is sure loses an answer. Where float's probabilities mean what they say, its loss of accuracy is on average what they
give to its own class above what they give to the artefact's. A model that is too sure of itself makes that figure too
large; one that is less sure than it is right makes it too small, so it is no proof where most classes change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

ONE_IN_TWENTY = 1.645
"""Standard errors below a mean that chance goes beyond in one of twenty sets of inputs (normal distribution)."""


@dataclass(frozen=True, slots=True)
class ExpectedLoss:
    """Loss of accuracy, 0 to 1.

    mean: over the inputs. least: what it is at least on inputs of this kind, in nineteen of twenty cases.
    """

    mean: float
    least: float

    @classmethod
    def of(cls, probabilities: npt.NDArray[np.float64], classes: npt.NDArray[np.int64]) -> ExpectedLoss:
        """From float's probabilities (N×C) and the artefact's class for each of the N inputs, below 0 for none."""
        rows = np.arange(len(classes))
        losses = probabilities.max(axis=1) - np.where(classes < 0, 0.0, probabilities[rows, classes])
        spread = float(losses.std(ddof=1)) if len(losses) > 1 else 0.0
        mean = float(losses.mean())
        return cls(mean, mean - ONE_IN_TWENTY * spread / np.sqrt(len(losses)))
