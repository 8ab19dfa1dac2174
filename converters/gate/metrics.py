"""How well scores separate good from defective parts: AUROC, and escape at a fixed overkill."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError

OVERKILL = 0.05
"""Share of good parts that a line can bear to reject."""


def auroc(good: npt.ArrayLike, defective: npt.ArrayLike) -> float:
    """Chance that a defective part scores above a good one, ties counting half (Mann-Whitney U / (m n)).

    Raises:
        BadInputError: one side is empty.
    """
    low, high = _sides(good, defective)
    below = np.searchsorted(low, high, side="left").sum()
    tied = np.searchsorted(low, high, side="right").sum() - below
    return float((below + tied / 2) / (low.size * high.size))


def escape_at_overkill(good: npt.ArrayLike, defective: npt.ArrayLike, overkill: float = OVERKILL) -> float:
    """Share of defective parts that pass when at most `overkill` of these good parts are rejected.

    A part is rejected when it scores above the limit; the limit is the least good score that keeps to `overkill`. With
    fewer than 1 / `overkill` good parts that is the greatest good score.

    Raises:
        BadInputError: one side is empty.
    """
    low, high = _sides(good, defective)
    return float(np.mean(high <= limit_at_overkill(low, overkill)))


def limit_at_overkill(good: npt.ArrayLike, overkill: float = OVERKILL) -> float:
    """The least score of good parts above which at most `overkill` of them lie; one or more scores."""
    low = np.sort(np.asarray(good, np.float64), axis=None)
    allowed = int(np.floor(overkill * low.size + 1e-9))
    return float(low[low.size - 1 - allowed])


def _sides(good: npt.ArrayLike, defective: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    low, high = np.sort(np.asarray(good, np.float64), axis=None), np.sort(np.asarray(defective, np.float64), axis=None)
    if not low.size or not high.size:
        raise BadInputError(
            f"wanted scores of good and of defective parts, found {low.size} good and {high.size} defective; "
            "add pictures of the missing kind"
        )
    return low, high
