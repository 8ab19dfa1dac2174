"""The good parts that a bundle brings with it, as rows on one scale, and how far apart good parts usually are."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.bundle import BundleRejected
from edge_contracts.known_parts import KNOWN_DEFECTIVE, KNOWN_GOOD, picture_member
from edge_runtime.lessons.lesson import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

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


@dataclass(frozen=True, slots=True)
class Example:
    """A part that the bundle can show. features: D; picture: a small JPEG; member: what the bundle calls that."""

    kind: Kind
    features: Floats
    picture: bytes
    member: str


def read_examples(member: Callable[[str], bytes | None], width: int) -> tuple[Example, ...]:
    """The parts with pictures that a bundle brings.

    Args:
        member: gives a file of the bundle, None for one that it has not.
        width: D.

    Raises:
        BundleRejected: they hold something else.
    """
    found = []
    for kind, path in ((Kind.GOOD, KNOWN_GOOD), (Kind.DEFECTIVE, KNOWN_DEFECTIVE)):
        content = member(path)
        for row, features in enumerate(_rows(content, path, width) if content is not None else ()):
            name = picture_member(kind.value, row)
            if (picture := member(name)) is not None:
                found.append(Example(kind, features, picture, name))
    return tuple(found)


def read_known(content: bytes, width: int) -> KnownParts:
    """Read `known/good.npy`.

    Args:
        content: the member.
        width: D of the bundle's features.

    Raises:
        BundleRejected: it holds something else.
    """
    found = _rows(content, KNOWN_GOOD, width)
    if len(found) < FEWEST:
        raise BundleRejected(f"wanted {FEWEST} or more rows in {KNOWN_GOOD}, found {len(found)}; train again")
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


def _rows(content: bytes, path: str, width: int) -> Floats:
    try:
        found = np.asarray(np.load(io.BytesIO(content), allow_pickle=False), np.float64)
    except (ValueError, OSError, EOFError, TypeError) as error:
        raise BundleRejected(f"wanted numbers of known parts in {path}, found {error}; train again") from error
    if found.ndim != 2 or found.shape[1] != width or not np.isfinite(found).all():  # noqa: PLR2004 - rows
        raise BundleRejected(f"wanted rows of {width} finite numbers in {path}, found {found.shape}; train again")
    return found


def distances(row: Floats, rows: Floats) -> Floats:
    """Root of the mean square over the numbers of one row and of each of N: N."""
    away = rows - row
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", away, away) / max(rows.shape[1], 1)))
