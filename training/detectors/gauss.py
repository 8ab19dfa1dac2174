"""A Gaussian per position over the features of good parts; a place is strange by its Mahalanobis distance.

PaDiM (Defard et al., "PaDiM: a Patch Distribution Modeling Framework", 2020) with full covariance and principal
components in place of random ones, made sound for few samples: each position's covariance is shrunk towards the pooled
one by K / (K + N), K components and N samples, plus 1e-3 of its mean variance. The covariance of a single place, such
as a part as a whole, is shrunk towards its mean variance in every direction.

The whitening matrices are scaled by 1/sqrt(K): an average good place has the squared distance 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.normality import Floats, principal_axes, require_usable

if TYPE_CHECKING:
    from training.features.wiring import Wiring

COMPONENTS = 32
RIDGE_OF_MEAN_VARIANCE = 1e-3


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

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Squared distance of each place of h×w×C features: h×w float32."""
        offset = (features.astype(np.float32) - self.centre) @ self.projection - self.mean
        white = np.einsum("hwij,hwj->hwi", self.whitening, offset)
        return np.asarray(np.square(white).sum(axis=-1))

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph; see `Normality`."""
        rows, columns, kept = self.mean.shape
        offset = pen.pointwise(
            "SUB", pen.project(features, self.projection, self.centre), pen.constant("mean", self.mean[None])
        )
        places = pen.reshape(offset, (rows * columns, 1, kept))
        whitening = pen.constant("whitening", self.whitening.reshape(-1, kept, kept).transpose(0, 2, 1))
        options = {"adj_x": False, "adj_y": False, "asymmetric_quantize_inputs": False}
        white = pen.apply("BATCH_MATMUL", [places, whitening], (rows * columns, 1, kept), **options)
        return pen.reshape(pen.squared_length(white), (1, rows, columns, 1))


def fit_gauss(features: Floats, random: np.random.Generator | None = None, components: int = COMPONENTS) -> Gauss:
    """Fit to N×h×w×C features of good parts, N ≥ 2.

    Args:
        features: what was seen.
        random: not used: nothing is drawn here.
        components: K.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or no variation at all.
    """
    del random
    require_usable(features)
    samples, rows, columns, channels = features.shape
    kept = min(components, channels)
    centre, projection = principal_axes(features.reshape(-1, channels), kept)
    places = ((features.reshape(-1, channels) - centre) @ projection).reshape(samples, -1, kept)
    mean = places.mean(axis=0)
    covariance = _shrunk_covariance(places - mean)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)) / np.sqrt(kept)
    return Gauss(
        centre.astype(np.float32),
        projection.astype(np.float32),
        mean.reshape(rows, columns, kept).astype(np.float32),
        whitening.reshape(rows, columns, kept, kept).astype(np.float32),
    )


def _shrunk_covariance(offsets: Floats) -> Floats:
    """Covariances p×K×K of N×p×K offsets from the mean."""
    samples, places, kept = offsets.shape
    by_place = offsets.transpose(1, 2, 0)
    own = by_place @ by_place.transpose(0, 2, 1) / (samples - 1)
    share = kept / (kept + samples)
    # A single place has no others to lean on: all its directions lean on their mean variance.
    pooled = own.mean(axis=0) if places > 1 else np.trace(own[0]) / kept * np.eye(kept)
    shrunk = (1 - share) * own + share * pooled
    variance = np.trace(shrunk, axis1=1, axis2=2) / kept
    ridged: Floats = shrunk + RIDGE_OF_MEAN_VARIANCE * variance[:, None, None] * np.eye(kept)
    return ridged
