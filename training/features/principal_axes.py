"""Principal axes: the directions in which rows of numbers vary, greatest variance first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PrincipalAxes:
    """Of C numbers.

    centre: C, their mean. axes: C×C, a direction per column; each points to its largest entry, so it is unique.
    variance: C, along each axis.
    """

    centre: Floats
    axes: Floats
    variance: Floats


def all_axes(rows: npt.NDArray[np.floating[Any]]) -> PrincipalAxes:
    """The axes of R×C rows, computed in float64.

    Raises:
        ValueError: R < 2.
    """
    if len(rows) <= 1:
        raise ValueError(f"wanted two rows or more to find axes in, found {len(rows)}")
    centre = rows.mean(axis=0, dtype=np.float64)
    offsets = rows - centre
    # As np.cov, which copies the rows twice and does not see that half of the product mirrors the other.
    scatter = offsets.T @ offsets * (1 / (len(rows) - 1))
    variance, axes = (one[..., ::-1] for one in np.linalg.eigh(scatter))
    peaks = axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))]
    return PrincipalAxes(centre, axes * np.sign(peaks), variance)
