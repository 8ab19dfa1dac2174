"""Samples that are nearly the same: the same part again, a picture saved anew, a bracket of exposures.

Pictures of one product look alike by nature: a perceptual hash of the whole picture takes different parts for
duplicates. So the mean of the set is taken off first, and what is left of each (how this part lies, its grain, its
marks) is hashed (sign of DCT coefficients against their median; Zauner, 2010) to find candidates, and correlated to
confirm them. What was tried stands in docs/decisions/171.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

LEAST_CORRELATION = 0.95
MOST_BITS = 12
"""Of 64 that may differ between candidates; unrelated samples differ in 32 ± 4."""

HASH_SIDE = 9
BITS = 64
STILL = 0.03
"""Of a picture's contrast. Farther from the set's mean is a part of its own: real sets begin at .24, and noise alone
leaves .006. Samples with no more than noise show one thing again and again."""

BLOCK = 2048
EPSILON = 1e-6


def near_duplicates(thumbnails: Sequence[npt.NDArray[np.uint8]]) -> list[tuple[int, int]]:
    """Pairs of places whose samples are nearly the same, the lower place first.

    Args:
        thumbnails: h×w×C uint8 each, all of one shape.
    """
    if len(thumbnails) < 2:  # noqa: PLR2004 - a pair
        return []
    mean = _mean(thumbnails)
    hashed = [(_length(block), _signs(block)) for block in (_residuals(some, mean) for some in _blocks(thumbnails))]
    still = np.flatnonzero(np.concatenate([lengths for lengths, _ in hashed]) < STILL).tolist()
    likely = _candidates(np.concatenate([signs for _, signs in hashed]))
    alike = (
        (one, other)
        for one, other in likely
        if _correlation(thumbnails[one], thumbnails[other], mean) >= LEAST_CORRELATION
    )
    return sorted({*pairwise(still), *alike})


def _blocks(thumbnails: Sequence[npt.NDArray[np.uint8]]) -> Iterator[Sequence[npt.NDArray[np.uint8]]]:
    return (thumbnails[start : start + BLOCK] for start in range(0, len(thumbnails), BLOCK))


def evened(thumbnails: Sequence[npt.NDArray[np.uint8]]) -> Floats:
    """N×h×w×C float32, each without its mean and of length one: how bright and contrasty it is does not count."""
    stacked = np.asarray(thumbnails, np.float32)
    stacked -= stacked.mean(axis=(1, 2, 3), keepdims=True)
    lengths = np.sqrt(np.square(stacked).sum(axis=(1, 2, 3), keepdims=True))
    return np.asarray(stacked / np.maximum(lengths, np.float32(EPSILON)), np.float32)


def _mean(thumbnails: Sequence[npt.NDArray[np.uint8]]) -> Floats:
    total = np.sum([evened(block).sum(axis=0, dtype=np.float64) for block in _blocks(thumbnails)], axis=0)
    return np.asarray(total / len(thumbnails), np.float32)


def _residuals(thumbnails: Sequence[npt.NDArray[np.uint8]], mean: Floats) -> Floats:
    return evened(thumbnails) - mean


def _signs(residuals: Floats) -> Floats:
    """N×64, each −1 or 1: the perceptual hash, so that a product counts the bits that agree."""
    grey = residuals.mean(axis=3)
    low = np.stack([cv2.dct(one)[:HASH_SIDE, :HASH_SIDE].ravel()[1 : BITS + 1] for one in grey])
    return np.asarray(np.where(low > np.median(low, axis=1, keepdims=True), 1, -1), np.float32)


def _candidates(signs: Floats) -> Iterator[tuple[int, int]]:
    """Pairs whose hashes are near, tile by tile: a product of all with all would hold 40 GB for 100,000 samples."""
    least = np.float32(BITS - 2 * MOST_BITS)
    starts = range(0, len(signs), BLOCK)
    for start, beside in ((one, other) for one in starts for other in starts if other >= one):
        near = signs[start : start + BLOCK] @ signs[beside : beside + BLOCK].T >= least
        rows, columns = np.nonzero(np.triu(near, 1) if beside == start else near)
        yield from zip((rows + start).tolist(), (columns + beside).tolist(), strict=True)


def _correlation(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], mean: Floats) -> float:
    pair = _residuals([one, other], mean)
    return float((pair[0] * pair[1]).sum() / max(float(np.prod(_length(pair))), EPSILON))


def _length(residuals: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(residuals).sum(axis=(1, 2, 3))), np.float32)
