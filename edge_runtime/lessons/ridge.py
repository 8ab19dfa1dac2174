"""Least squares with a ridge, and what each row's answer would be had it not been learned: both in closed form.

A few rows of hundreds of numbers fit anything, so only the answer without the row itself tells something. For ridge
regression that needs no second fit: residual / (1 - leverage) (Allen, "The relationship between variable selection and
data augmentation and a method for prediction", 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Ridge:
    """answer = weights · row + bias; towards 1 for what is like the rows of the second kind, towards 0 for the first.

    weights: D.
    left_out: the answer for each learned row from a fit without it.
    """

    weights: Floats
    bias: float
    left_out: Floats

    def answer(self, row: Floats) -> float:
        """For one row of D."""
        return float(row @ self.weights + self.bias)


def fit_ridge(rows: Floats, is_second: npt.NDArray[np.bool_]) -> Ridge:
    """Fit to N×D rows, both kinds among them, each kind with half of the weight.

    Solved over the rows, not over their numbers: N×N, and a board has hundreds of rows at most.
    """
    share = np.where(is_second, 0.5 / is_second.sum(), 0.5 / (~is_second).sum())
    root, width = np.sqrt(share), np.sqrt(rows.shape[1])
    scaled, wanted = rows / width, is_second.astype(np.float64)
    centre, middle = share @ scaled, float(share @ wanted)
    weighed = (scaled - centre) * root[:, None]
    gram = weighed @ weighed.T
    inverse = np.linalg.inv(gram + RIDGE * np.eye(len(rows)))
    weights = weighed.T @ (inverse @ ((wanted - middle) * root))
    hat = gram @ inverse + np.outer(root, root)
    leverage = np.diag(hat)
    left_out = (hat @ (wanted * root) - leverage * wanted * root) / ((1 - leverage) * root)
    return Ridge(weights / width, middle - float(centre @ weights), left_out)
