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
    """The axes of R×C rows, R ≥ 2, computed in float64."""
    channels = rows.shape[1]
    scatter = np.cov(rows, rowvar=False, dtype=np.float64).reshape(channels, channels)
    variance, axes = (one[..., ::-1] for one in np.linalg.eigh(scatter))
    peaks = axes[np.abs(axes).argmax(axis=0), np.arange(channels)]
    return PrincipalAxes(rows.mean(axis=0, dtype=np.float64), axes * np.sign(peaks), variance)
