"""The good parts that a bundle brings with it, as rows on one scale, and how far apart good parts usually are."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.bundle import BundleRejected
from edge_contracts.known_parts import KNOWN_GOOD

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

FEWEST = 5
LEAST_SPREAD = 0.3
"""Share of the usual spread: a number that hardly varies among the known parts must not decide."""

STILL = 1e-6


@dataclass(frozen=True, slots=True)
class KnownParts:
    """N good parts.

    centre, spread: D each; a row on the scale is (features - centre) / spread.
    rows: N×D on that scale.
    usual, far: the median and the greatest of the distances from each part to its nearest other.
    """

    centre: Floats
    spread: Floats
    rows: Floats
    usual: float
    far: float

    def scaled(self, features: npt.NDArray[np.floating]) -> Floats:
        """One row, or several, on the scale."""
        return np.asarray((features.astype(np.float64) - self.centre) / self.spread)


def read_known(content: bytes, width: int) -> KnownParts:
    """Read `known/good.npy`.

    Args:
        content: the member.
        width: D of the bundle's features.

    Raises:
        BundleRejected: it holds something else.
    """
    try:
        stored = np.load(io.BytesIO(content), allow_pickle=False)
        found = np.asarray(stored, np.float64)
    except (ValueError, OSError, EOFError, TypeError) as error:
        raise BundleRejected(f"wanted numbers of known parts in {KNOWN_GOOD}, found {error}; train again") from error
    if found.ndim != 2 or found.shape[1] != width or len(found) < FEWEST or not np.isfinite(found).all():  # noqa: PLR2004
        raise BundleRejected(
            f"wanted {FEWEST} or more rows of {width} numbers in {KNOWN_GOOD}, found {found.shape}; train again"
        )
    return known_parts(found)


def known_parts(features: Floats) -> KnownParts:
    """Of N×D features of good parts."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    least = max(LEAST_SPREAD * float(np.median(spread)), STILL * float(np.abs(features).max()), STILL)
    spread = np.maximum(spread, least)
    rows = (features - centre) / spread
    apart = np.stack([distances(row, rows) for row in rows])
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return KnownParts(centre, spread, rows, float(np.median(nearest)), float(nearest.max()))


def distances(row: Floats, rows: Floats) -> Floats:
    """Root of the mean square over the numbers of one row and of each of N: N."""
    away = rows - row
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", away, away) / max(rows.shape[1], 1)))
