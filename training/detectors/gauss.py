"""A Gaussian per position over the features of good parts; a part's score is how far its worst place lies outside.

PaDiM (Defard et al., "PaDiM: a Patch Distribution Modeling Framework", 2020) with full covariance and principal
components in place of random ones, made sound for few samples: each position's covariance is shrunk towards the pooled
one by K / (K + N), K components and N samples, plus 1e-3 of its mean variance.

The whitening matrices are scaled by 1/sqrt(K): an average good place has the squared distance 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError

COMPONENTS = 32
RIDGE_OF_MEAN_VARIANCE = 1e-3
TOP_SHARE = 0.01
SMOOTHING_CELLS = 3
# Variance below this share of the whole is the arithmetic's, not the parts'.
ROUNDING = 1e-10

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Gauss:
    """The learned parameters, all float32.

    centre: C, the mean feature.
    projection: C×K, principal axes as columns, greatest variance first.
    mean: h×w×K, each position's mean in those axes.
    whitening: h×w×K×K lower triangular; z = whitening @ x has z·z = (squared Mahalanobis distance of x) / K.
    """

    centre: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float32]
    whitening: npt.NDArray[np.float32]


def fit_gauss(features: Floats, components: int = COMPONENTS) -> Gauss:
    """Fit to N×h×w×C features of good parts, N ≥ 2.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or no variation at all.
    """
    samples, rows, columns, channels = features.shape
    if samples < 2 or not np.isfinite(features).all():  # noqa: PLR2004
        raise BadInputError(f"wanted finite features of two or more parts, found {samples}; check the photographs")
    kept = min(components, channels)
    centre, projection = _principal_axes(features.reshape(-1, channels), kept)
    places = ((features.reshape(-1, channels) - centre) @ projection).reshape(samples, -1, kept)
    mean = places.mean(axis=0)
    if np.square(places - mean).mean() <= ROUNDING * np.square(places).mean():
        raise BadInputError("wanted photographs that differ, found the same picture again and again; take new ones")
    covariance = _shrunk_covariance(places - mean)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)) / np.sqrt(kept)
    return Gauss(
        centre.astype(np.float32),
        projection.astype(np.float32),
        mean.reshape(rows, columns, kept).astype(np.float32),
        whitening.reshape(rows, columns, kept, kept).astype(np.float32),
    )


def heat_map(gauss: Gauss, features: Floats) -> npt.NDArray[np.float32]:
    """Squared distance of each place of h×w×C features, smoothed over 3×3 places with mirrored edges: h×w float32."""
    offset = (features.astype(np.float32) - gauss.centre) @ gauss.projection - gauss.mean
    white = np.einsum("hwij,hwj->hwi", gauss.whitening, offset)
    return _smooth(np.square(white).sum(axis=-1))


def score(gauss: Gauss, features: Floats) -> float:
    """Mean of the greatest 1 % of the heat map of h×w×C features (at least one place)."""
    places = np.sort(heat_map(gauss, features), axis=None)
    return float(places[-top_count(places.size) :].mean())


def top_count(places: int) -> int:
    """How many places the score averages."""
    return max(1, ceil(TOP_SHARE * places))


def _principal_axes(rows: Floats, kept: int) -> tuple[Floats, Floats]:
    """The mean and the `kept` principal axes; each axis points to its largest entry, so the result is unique."""
    centre = rows.mean(axis=0, dtype=np.float64)
    scatter = np.cov(rows, rowvar=False, dtype=np.float64).reshape(rows.shape[1], rows.shape[1])
    if not np.trace(scatter) > 0:
        raise BadInputError(
            "wanted photographs that differ a little, found features without variation; are all pictures the same file?"
        )
    axes = np.linalg.eigh(scatter)[1][:, ::-1][:, :kept]
    peaks = axes[np.abs(axes).argmax(axis=0), np.arange(kept)]
    return centre, axes * np.sign(peaks)


def _shrunk_covariance(offsets: Floats) -> Floats:
    """Covariances p×K×K of N×p×K offsets from the mean."""
    samples, _, kept = offsets.shape
    by_place = offsets.transpose(1, 2, 0)
    own = by_place @ by_place.transpose(0, 2, 1) / (samples - 1)
    share = kept / (kept + samples)
    shrunk = (1 - share) * own + share * own.mean(axis=0)
    variance = np.trace(shrunk, axis1=1, axis2=2) / kept
    ridged: Floats = shrunk + RIDGE_OF_MEAN_VARIANCE * variance[:, None, None] * np.eye(kept)
    return ridged


def _smooth(places: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    padded = np.pad(places, SMOOTHING_CELLS // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (SMOOTHING_CELLS, SMOOTHING_CELLS))
    smooth: npt.NDArray[np.float32] = windows.mean(axis=(2, 3), dtype=np.float32)
    return smooth
