"""What good places look like, remembered: a place is strange by its distance to the nearest one that is known.

PatchCore (Roth et al., "Towards Total Recall in Industrial Anomaly Detection", 2022) made small: principal components
in place of neighbourhood averages, and a greedy k-centre choice of 1,000 places (Gonzalez, "Clustering to minimize the
maximum intercluster distance", 1985) among 10,000 drawn at random. A random choice of 1,000 remembers the common places
many times and the rare ones not at all; on photographs it separates worse (docs/decisions/175).

It does not know where on the part a place lies, so it suits parts that lie differently each time.
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
REMEMBERED = 1000
CONSIDERED = 10_000
# Of a squared length: what single precision leaves of a difference.
NOISE = 1e-6
# A remembered place would have the distance 0, of which nobody can take a logarithm or a ratio.
FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """The learned parameters, all float32.

    centre: C, the mean feature.
    projection: C×K, principal axes as columns, divided by the places' standard deviation (the root of the variances'
        sum): 1 is as far as an average place lies from the mean.
    known: M×K, the remembered places in those axes, M at most 1,000.
    """

    centre: npt.NDArray[np.float32]
    projection: npt.NDArray[np.float32]
    known: npt.NDArray[np.float32]

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Squared distance of each place of h×w×C features to the nearest remembered one, plus 1e-3: h×w float32."""
        rows, columns, _ = features.shape
        places = ((features.astype(np.float32) - self.centre) @ self.projection).reshape(rows * columns, -1)
        apart = 2 * places @ self.known.T
        nearest = np.subtract(np.square(self.known).sum(axis=1) + FLOOR, apart, out=apart).min(axis=1)
        return np.asarray(np.maximum(np.square(places).sum(axis=1) + nearest, 0), np.float32).reshape(rows, columns)

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph: |x - m|² = |x|² + (|m|² - 2 x·m), the bracket being a 1×1 convolution."""
        places = pen.project(features, self.projection, self.centre)
        known = self.known.astype(np.float64)
        apart = pen.convolve(places, -2 * known[:, None, None, :], np.square(known).sum(axis=1) + FLOOR)
        shape = (*pen.shape(apart)[:3], 1)
        axis = pen.constant("axis", [3], np.int32)
        nearest = pen.apply("REDUCE_MIN", [apart, axis], shape, keep_dims=True)
        squared = pen.pointwise("ADD", pen.squared_length(places), nearest)
        return pen.apply("RELU", [squared], shape)


def fit_memory_bank(features: Floats, random: np.random.Generator) -> MemoryBank:
    """Remember places of N×h×w×C features of good parts, N ≥ 2.

    Args:
        features: what was seen.
        random: draws the places that are considered.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or no variation at all.
    """
    require_usable(features)
    rows = features.reshape(-1, features.shape[-1])
    centre, projection = principal_axes(rows, min(COMPONENTS, rows.shape[1]))
    projection /= np.sqrt(rows.var(axis=0, dtype=np.float64).sum())
    considered = random.choice(len(rows), min(CONSIDERED, len(rows)), replace=False)
    places = ((rows[considered] - centre) @ projection).astype(np.float32)
    return MemoryBank(centre.astype(np.float32), projection.astype(np.float32), places[k_centre(places, REMEMBERED)])


def k_centre(places: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.intp]:
    """Which of N×K places to keep: the first, then again and again the one that lies farthest from all kept ones.

    Returns:
        At most `count` row numbers; fewer where all other places are repetitions of those.
    """
    squares = np.square(places).sum(axis=1)
    # |x - k|² = |x|² - 2 x·k + |k|²: one matrix product in place of a difference per place.
    noise = NOISE * float(squares.max())
    nearest = np.full(len(places), np.inf, np.float32)
    kept = [0]
    while True:
        apart = places @ (-2 * places[kept[-1]])
        apart += squares + squares[kept[-1]]
        np.minimum(nearest, apart, out=nearest)
        farthest = int(nearest.argmax())
        if len(kept) == count or nearest[farthest] <= noise:
            return np.asarray(kept)
        kept.append(farthest)
