"""What one activation is like over real inputs: its extremes, its histogram, its mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.histogram import GrowingHistogram
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

BINS = 2048
"""Bins of a histogram: eight per step of an int8 tensor that uses the whole range."""

VALUES = 1 << 18
"""About so many values of a tensor enter its histogram, from all samples together: 26 of them lie beyond 99.99 %."""

FEWEST_VALUES = 1024
"""So many of each sample in any case."""

GATHERED = 16
"""Samples whose values enter the histogram together: counting a few values costs as much as counting many."""

PADDING = 1e30
"""Beyond this a value is padding that a maximum is to ignore, not signal."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One activation over all samples.

    lowest, highest: the extremes of its values, padding left out.
    histogram: `BINS` counts, of equal width from lowest to highest.
    mean: the mean over samples, float64, in the tensor's shape.
    """

    lowest: float
    highest: float
    histogram: npt.NDArray[np.int64]
    mean: npt.NDArray[np.float64]


@dataclass(slots=True)
class Activation:
    """What was seen of one tensor so far.

    Example:
        activation = Activation("scores", samples=100)
        for place, value in enumerate(values):
            activation.add(place, value)
        seen = activation.observation()

    name: the tensor's, for the sentence about a value that is none.
    samples: how many there are to see, here and elsewhere: decides how many values of each are counted.
    """

    name: str
    samples: int
    lowest: float = np.inf
    highest: float = -np.inf
    total: npt.NDArray[np.float32] | None = None
    _histogram: GrowingHistogram = field(default_factory=GrowingHistogram)
    _waiting: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def add(self, place: int, value: npt.NDArray[Any]) -> None:
        """See the value of sample number `place`.

        Raises:
            BadInputError: it holds NaN or infinity.
        """
        lowest, highest = (float(value.min()), float(value.max())) if value.size else (0.0, 0.0)
        # A NaN anywhere is the minimum and the maximum.
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            raise BadInputError(
                f"the float model gives NaN or infinity in {self.name!r} for sample {place}; mend the model first"
            )
        thinned = _thin(value, max(VALUES // self.samples, FEWEST_VALUES))
        if max(-lowest, highest) >= PADDING:
            thinned = thinned[np.abs(thinned) < PADDING]
            signal = value[np.abs(value) < PADDING]
            lowest, highest = float(signal.min(initial=np.inf)), float(signal.max(initial=-np.inf))
            value = np.where(np.abs(value) < PADDING, value, np.float32(0))
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        self._waiting.append(thinned)
        if len(self._waiting) == GATHERED:
            self.histogram()
        self.total = value.copy() if self.total is None else np.add(self.total, value, out=self.total)

    def observation(self, others: Sequence[Activation] = ()) -> Observation:
        """What this and others have seen of the same tensor, summed in their order."""
        parts = (self, *others)
        lowest, highest = min(part.lowest for part in parts), max(part.highest for part in parts)
        if lowest > highest:  # nothing but padding
            lowest = highest = 0.0
        histogram = GrowingHistogram()
        for part in parts:
            histogram.merge(part.histogram())
        mean = sum(np.asarray(part.total, np.float64) for part in parts) / self.samples
        return Observation(lowest, highest, histogram.counts(BINS, lowest, highest), np.asarray(mean))

    def histogram(self) -> GrowingHistogram:
        """What this one has counted."""
        if self._waiting:
            self._histogram.add(np.concatenate(self._waiting))
            self._waiting.clear()
        return self._histogram


def _thin(value: npt.NDArray[Any], most: int) -> npt.NDArray[np.float32]:
    """A copy of about `most` values, taken with a stride that visits every channel."""
    channels = value.shape[-1] if value.ndim else 1
    stride = max(1, value.size // most)
    while gcd(stride, channels) > 1:
        stride += 1
    return np.array(value.reshape(-1)[::stride])
