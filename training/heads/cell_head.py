"""A head on places: logistic regression of drawn defects' cells against the cells of good parts.

A part's logit is the mean of its greatest 1 % of cells after smoothing over 3×3, as for the good-only score. What lies
outside the boxes of a defective part is not learned: it may be good, and it may be a defect that nobody drew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.detector_graph import draw_judgement
from training.detectors.normality import Floats, score
from training.heads.cells import CELLS
from training.heads.drawn_head import DrawnHead
from training.heads.logistic import Logistic, fit_logistic

if TYPE_CHECKING:
    from training.features.wiring import Wiring
    from training.heads.evidence import Evidence

MOST_GOOD_CELLS = 20_000
"""More teach nothing new: neighbours look alike."""


@dataclass(frozen=True, slots=True)
class CellHead:
    """See the module."""

    logistic: Logistic

    @property
    def reads(self) -> str:
        """The tensor that it weighs."""
        return CELLS

    @classmethod
    def fit(cls, evidence: Evidence, known: npt.NDArray[np.bool_]) -> CellHead:
        """Fit to the cells of known good parts and to the marked cells of known defects."""
        good = evidence.cells[known & ~evidence.is_defect].reshape(-1, evidence.cells.shape[3])
        good = good[np.linspace(0, len(good) - 1, min(len(good), MOST_GOOD_CELLS)).astype(np.intp)]
        marked = evidence.cells[known][evidence.marks[known]]
        return cls(fit_logistic(np.concatenate([good, marked]), np.arange(len(good) + len(marked)) >= len(good)))

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """The logit of each place of h×w×D cells: h×w float32; see `Normality`, whose judgement serves here, too."""
        return np.asarray(features @ self.logistic.weights + self.logistic.bias, np.float32)

    def logits(self, evidence: Evidence, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """One logit per chosen part: how bad its worst places are."""
        return np.array([score(self, one) for one in evidence.cells[chosen]])

    def draw(self, pen: Wiring, features: str = CELLS) -> str:
        """Append `distances` to a graph."""
        return pen.convolve(features, self.logistic.weights[None, None, None, :], [self.logistic.bias])

    def draw_head(self, pen: Wiring) -> DrawnHead:
        """Weigh the tensor `cells` and average the worst places."""
        return DrawnHead(*draw_judgement(pen, self, CELLS))
