"""A head on the whole picture: logistic regression on the means, maxima and deviations of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.heads.drawn_head import DrawnHead
from training.heads.logistic import Logistic, fit_logistic
from training.heads.pooled import POOLED

if TYPE_CHECKING:
    from training.features.wiring import Wiring
    from training.heads.evidence import Evidence


@dataclass(frozen=True, slots=True)
class PooledHead:
    """See the module."""

    logistic: Logistic

    @property
    def reads(self) -> str:
        """The tensor that it weighs."""
        return POOLED

    @classmethod
    def fit(cls, evidence: Evidence, known: npt.NDArray[np.bool_]) -> PooledHead:
        """Fit to the known parts, each also turned over; a defect is one whichever way it lies."""
        rows = evidence.pooled[known]
        views = rows.shape[1]
        return cls(fit_logistic(rows.reshape(-1, rows.shape[2]), np.repeat(evidence.is_defect[known], views)))

    def logits(self, evidence: Evidence, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """One logit per chosen part, of the picture as it is."""
        return self.logistic.logits(evidence.pooled[chosen, 0])

    def draw_head(self, pen: Wiring) -> DrawnHead:
        """Weigh the tensor `pooled`."""
        weights = self.logistic.weights[None, None, None, :]
        return DrawnHead(pen.reshape(pen.convolve(POOLED, weights, [self.logistic.bias]), (1,)))
