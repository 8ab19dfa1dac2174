"""What every detector of good parts is: it says of each place of a part how far it lies from normal.

From there all go the same way: the distances are smoothed over 3×3 places, and a part's score is the mean of the
greatest 1 % of them. So a detector is only what it learned, and everything behind it exists once.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError
from training.features.principal_axes import all_axes

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.features.wiring import Wiring

TOP_SHARE = 0.01
SMOOTHING_CELLS = 3
# Variance below this share of the whole is the arithmetic's, not the parts'.
ROUNDING = 1e-10

Floats = npt.NDArray[np.floating[Any]]


class Normality(Protocol):
    """What was learned of good parts."""

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """How far each place of h×w×C features lies from normal: h×w float32, 0 or more."""
        ...

    def draw(self, pen: Wiring, features: str) -> str:
        """Append the same computation to a graph.

        Args:
            pen: draws it.
            features: a tensor 1×h×w×C float32.

        Returns:
            The tensor of the distances, 1×h×w×1 float32; a test holds both to 1e-4.
        """
        ...


Fit: TypeAlias = "Callable[[Floats, np.random.Generator], Normality]"
"""Learns from N×h×w×C features of good parts, N ≥ 2; the same features and generator give the same result."""


def heat_map(normality: Normality, features: Floats) -> npt.NDArray[np.float32]:
    """Distance of each place of h×w×C features, smoothed over 3×3 places with mirrored edges: h×w float32.

    A map that is less than three places high or wide has no neighbours to speak of and stays as it is.
    """
    places = normality.distances(features)
    return smooth(places) if is_smoothed(places.shape) else places


def smooth(places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mean over 3×3 places of an h×w map, edges mirrored; h and w ≥ 2."""
    padded = np.pad(places, SMOOTHING_CELLS // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SMOOTHING_CELLS, SMOOTHING_CELLS))
    return np.asarray(windows.mean(axis=(2, 3), dtype=np.float32))


def score(normality: Normality, features: Floats) -> float:
    """Mean of the greatest 1 % of the heat map of h×w×C features (at least one place)."""
    places = np.sort(heat_map(normality, features), axis=None)
    return float(places[-top_count(places.size) :].mean())


def is_smoothed(shape: tuple[int, ...]) -> bool:
    """Whether a map of `shape` (h, w) is large enough to be smoothed."""
    return min(shape) >= SMOOTHING_CELLS


def top_count(places: int) -> int:
    """How many places the score averages."""
    return max(1, ceil(TOP_SHARE * places))


def require_usable(features: Floats) -> None:
    """Refuse N×h×w×C features that nothing can be learned from.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or samples that do not differ.
    """
    if len(features) < 2 or not np.isfinite(features).all():  # noqa: PLR2004
        raise BadInputError(f"wanted finite features of two or more parts, found {len(features)}; check the parts")
    offsets = features - features.mean(axis=0)
    if not np.vdot(offsets, offsets) > ROUNDING * np.vdot(features, features):
        raise BadInputError("wanted parts that differ, found the same again and again; take new photographs")


def principal_axes(rows: Floats, kept: int) -> tuple[Floats, Floats]:
    """The mean of R×C rows and their `kept` principal axes as columns; see `training.features.principal_axes`.

    Raises:
        BadInputError: rows without variation.
    """
    found = all_axes(rows)
    if not found.variance.sum() > 0:
        raise BadInputError(
            "wanted photographs that differ a little, found features without variation; are all pictures the same file?"
        )
    return found.centre, found.axes[:, :kept]
