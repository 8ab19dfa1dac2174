"""A linear autoencoder in closed form: principal components; what they do not give back is strange.

The linear autoencoder with the least squared error on the good parts is their principal components (Baldi and Hornik,
"Neural networks and principal component analysis", 1989), so it is computed and not trained: no epochs, no seed. Errors
are divided by the mean error on the good parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.normality import Floats, principal_axes, require_usable

if TYPE_CHECKING:
    from training.features.wiring import Wiring

CODE = 8
# With fewer the code would give every learned part back whole, and no new one.
SAMPLES_PER_NUMBER = 4
# Of the whole variance: errors of parts that the components give back whole are not 0, and not noise.
FLOOR_OF_VARIANCE = 1e-4


@dataclass(frozen=True, slots=True)
class LinearAutoencoder:
    """The learned parameters, all float32.

    centre: C, the mean feature.
    rest: C×(C - K), the axes that the code leaves out, in units of the usual error; K is 8, or a quarter of the samples
        or half the channels where that is less.
    floor: added to each squared error.
    """

    centre: npt.NDArray[np.float32]
    rest: npt.NDArray[np.float32]
    floor: np.float32

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Squared error at each place of h×w×C features: h×w float32, about 1 for good parts."""
        error = (features.astype(np.float32) - self.centre) @ self.rest
        return np.asarray(np.square(error).sum(axis=-1) + self.floor, np.float32)

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph; see `Normality`."""
        error = pen.squared_length(pen.project(features, self.rest, self.centre))
        return pen.pointwise("ADD", error, pen.constant("floor", [self.floor]))


def fit_autoencoder(features: Floats, random: np.random.Generator | None = None) -> LinearAutoencoder:
    """Fit to N×h×w×C features of good parts, N ≥ 2, C ≥ 2.

    Args:
        features: what was seen.
        random: not used: nothing is drawn here.

    Raises:
        BadInputError: fewer than two samples, features that are not finite, or no variation at all.
    """
    del random
    require_usable(features)
    rows = features.reshape(-1, features.shape[-1])
    channels = rows.shape[1]
    centre, axes = principal_axes(rows, channels)
    rest = axes[:, min(CODE, channels // 2, len(rows) // SAMPLES_PER_NUMBER) :]
    floor = FLOOR_OF_VARIANCE * rows.var(axis=0, dtype=np.float64).sum()
    usual = np.square((rows - centre) @ rest).sum(axis=1).mean() + floor
    return LinearAutoencoder(
        centre.astype(np.float32), (rest / np.sqrt(usual)).astype(np.float32), np.float32(floor / usual)
    )
