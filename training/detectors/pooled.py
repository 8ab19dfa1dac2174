"""A part judged as a whole: mean and deviation of each channel over all places, in place of the places themselves.

For what has no fixed places: a sound is normal whenever its noises come. On recordings a Gauss of the whole separates
better than one per place, on photographs worse (docs/decisions/177).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.detectors.normality import Fit, Floats, Normality
    from training.features.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Pooled:
    """What judges 1×1×2C features: the C means, then the C deviations."""

    normality: Normality

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Distance of h×w×C features as a whole: 1×1 float32."""
        return self.normality.distances(pooled(features[None])[0])

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph; see `Normality`."""
        shape = (1, 1, 1, pen.shape(features)[3])
        axes = pen.constant("axes", [1, 2], np.int32)
        mean = pen.apply("MEAN", [features, axes], shape, keep_dims=True)
        offset = pen.pointwise("SUB", features, mean)
        variance = pen.apply("MEAN", [pen.pointwise("MUL", offset, offset), axes], shape, keep_dims=True)
        joined: list[str | None] = [mean, pen.apply("SQRT", [variance], shape)]
        options = {"axis": 3, "fused_activation_function": "NONE"}
        return self.normality.draw(pen, pen.apply("CONCATENATION", joined, (1, 1, 1, 2 * shape[3]), **options))


def pooled(features: Floats) -> npt.NDArray[np.float32]:
    """N×1×1×2C float32 of N×h×w×C."""
    both = np.concatenate([features.mean(axis=(1, 2)), features.std(axis=(1, 2))], axis=-1)
    return np.asarray(both[:, None, None, :], np.float32)


def of_the_whole(fit: Fit) -> Fit:
    """The same detector for parts as a whole."""
    return partial(_fit, fit)


def _fit(fit: Fit, features: Floats, random: np.random.Generator) -> Pooled:
    return Pooled(fit(pooled(features), random))
