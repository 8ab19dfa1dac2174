"""What one activation is like over real inputs: its extremes and its histogram, and what it sums up to."""

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
"""Values of so many samples are looked at together: looking at few costs as much as looking at many."""

GATHERED_BYTES = 1 << 17
"""Fewer samples of a large tensor: beyond this its values cost more than the calls that look at them."""

PADDING = 1e30
"""Beyond this a value is padding that a maximum is to ignore, not signal."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One activation over all samples.

    lowest, highest: the extremes of its values, padding left out.
    histogram: `BINS` counts, of equal width from lowest to highest.
    """

    lowest: float
    highest: float
    histogram: npt.NDArray[np.int64]


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
    is_summed: whether `total` is wanted, the sum over samples in the tensor's shape.
    """

    name: str
    samples: int
    is_summed: bool = False
    lowest: float = np.inf
    highest: float = -np.inf
    total: npt.NDArray[np.float32] | None = None
    _histogram: GrowingHistogram = field(default_factory=GrowingHistogram)
    _places: list[int] = field(default_factory=list)
    _waiting: npt.NDArray[np.float32] | None = None
    """Room for the values of some samples; those of `_places` wait in it."""
    _uncounted: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def add(self, place: int, value: npt.NDArray[Any]) -> None:
        """See the value of sample number `place`, at once or, copied, with the next ones.

        Raises:
            BadInputError: it, or one before it, holds NaN or infinity.
        """
        self._places.append(place)
        fitting = min(GATHERED, self.samples, GATHERED_BYTES // max(value.nbytes, 1))
        if fitting <= 1:
            self._look(np.asarray(value, np.float32)[np.newaxis])
            return
        if self._waiting is None:
            self._waiting = np.empty((fitting, *value.shape), np.float32)
        self._waiting[len(self._places) - 1] = value
        if len(self._places) == len(self._waiting):
            self._look(self._waiting)

    def _look(self, values: npt.NDArray[np.float32]) -> None:
        """See the values of the samples of `_places`."""
        lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        # A NaN anywhere is the minimum and the maximum.
        if not (np.isfinite(lowest) and np.isfinite(highest)):
            place = next(
                place for place, value in zip(self._places, values, strict=True) if not np.isfinite(value).all()
            )
            raise BadInputError(
                f"the float model gives NaN or infinity in {self.name!r} for sample {place}; mend the model first"
            )
        most = max(VALUES // self.samples, FEWEST_VALUES)
        thinned = _thin(values, most)
        if max(-lowest, highest) >= PADDING:
            thinned = thinned[np.abs(thinned) < PADDING]
            signal = values[np.abs(values) < PADDING]
            lowest, highest = float(signal.min(initial=np.inf)), float(signal.max(initial=-np.inf))
            values = np.where(np.abs(values) < PADDING, values, np.float32(0))
        self.lowest, self.highest = min(self.lowest, lowest), max(self.highest, highest)
        if self.is_summed:
            self._add_up(values)
        self._uncounted.append(thinned)
        self._places.clear()
        if sum(map(len, self._uncounted)) >= GATHERED * most:
            self._count()

    def _add_up(self, values: npt.NDArray[np.float32]) -> None:
        if self.total is None:
            self.total = np.zeros_like(values[0])
        for value in values:
            self.total += value

    def _count(self) -> None:
        if self._uncounted:
            self._histogram.add(np.concatenate(self._uncounted))
            self._uncounted.clear()

    def observation(self, others: Sequence[Activation] = ()) -> Observation:
        """What this and others have seen of the same tensor, summed in their order."""
        parts = (self, *others)
        histogram = GrowingHistogram()
        for part in parts:
            histogram.merge(part.histogram())
        lowest, highest = min(part.lowest for part in parts), max(part.highest for part in parts)
        if lowest > highest:  # nothing but padding
            lowest = highest = 0.0
        return Observation(lowest, highest, histogram.counts(BINS, lowest, highest))

    def histogram(self) -> GrowingHistogram:
        """What this one has counted.

        Raises:
            BadInputError: what waited holds NaN or infinity.
        """
        if self._waiting is not None and self._places:
            self._look(self._waiting[: len(self._places)])
        self._waiting = None
        self._count()
        return self._histogram


def _thin(values: npt.NDArray[Any], most: int) -> npt.NDArray[np.float32]:
    """A copy of about `most` values of each sample, taken with a stride that visits every channel."""
    channels = values.shape[-1] if values.ndim > 1 else 1
    stride = max(1, values[0].size // most)
    while gcd(stride, channels) > 1:
        stride += 1
    return np.array(values.reshape(len(values), -1)[:, ::stride]).reshape(-1)
