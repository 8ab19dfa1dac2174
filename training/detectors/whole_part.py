"""The part as a whole beside its places: a picture without its part is nowhere strange, and still no good part.

An empty tray shows nothing that good photographs do not show, too, in their corners. So whatever judges places gets a
second opinion: means and deviations of the features over the whole picture, and a Gauss of those. It says nothing up
to twice as far as the farthest good part lay while it was held out, so that it judges no part that is there, and from
there on raises every place alike (docs/decisions/227).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.gauss import fit_gauss
from training.detectors.pooled import of_the_whole

if TYPE_CHECKING:
    from training.detectors.normality import Fit, Floats, Normality
    from training.features.wiring import Wiring

FAR = 4.0
"""In squared distances of the farthest good part: twice as far."""

whole_part: Fit = of_the_whole(fit_gauss)
"""Learns what good parts are as a whole."""


@dataclass(frozen=True, slots=True)
class PlacesAndWhole:
    """What judges places, and a whole that may raise them all.

    places: the detector.
    whole: of `whole_part`.
    limit: the squared distance of a whole up to which it says nothing.
    weight: what every place gains when the whole lies at twice the limit; the threshold, so that this is a defect.
    """

    places: Normality
    whole: Normality
    limit: float
    weight: float

    def distances(self, features: Floats) -> npt.NDArray[np.float32]:
        """Distance of each place of h×w×C features: h×w float32."""
        over = np.maximum(self.whole.distances(features) * np.float32(1 / self.limit) - np.float32(1), 0)
        return np.asarray(self.places.distances(features) + over * np.float32(self.weight), np.float32)

    def draw(self, pen: Wiring, features: str) -> str:
        """Append `distances` to a graph; see `Normality`."""
        whole = pen.pointwise("MUL", self.whole.draw(pen, features), pen.constant("nearness", [1 / self.limit]))
        over = pen.apply("RELU", [pen.pointwise("SUB", whole, pen.constant("one", [1.0]))], (1, 1, 1, 1))
        raised = pen.pointwise("MUL", over, pen.constant("weight", [self.weight]))
        return pen.pointwise("ADD", self.places.draw(pen, features), raised)


def with_whole(places: Normality, whole: Normality, farthest: float, threshold: float) -> PlacesAndWhole:
    """Add the second opinion.

    Args:
        places: the detector, fitted.
        whole: of `whole_part`, fitted to the same parts.
        farthest: the greatest squared distance of a good part's whole while it was held out.
        threshold: of the score.
    """
    return PlacesAndWhole(places, whole, FAR * farthest, threshold)
