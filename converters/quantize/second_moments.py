"""First and second moments of what an operator multiplies with its weights, gathered sample by sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.bias_correction import mean_patch
from converters.quantize.grouping import Grouping
from converters.quantize.window import Window

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

    Array = npt.NDArray[np.float64]

PLACES_PER_INPUT = 4
"""Patches looked at per input of a group, over all samples: second moments of n inputs need a few times n patches."""

FEWEST_PLACES = 2048
"""Patches looked at in any case, where there are so many."""


ROWS = 2048
"""Patches that are gathered before their products are added up."""


@dataclass(slots=True)
class Moments:
    """Of one operator, in the float network and in the integer network as it stands.

    shape, result: of the weights and of the output. channels: of the input. samples: how many will be added.
    only_means: gather no second moments.
    mean, integer_mean: the mean patch over all places.
    """

    operator: Operator
    shape: tuple[int, ...]
    result: tuple[int, ...]
    channels: int
    samples: int
    only_means: bool = False
    mean: Any = 0.0
    integer_mean: Any = 0.0
    _sums: _Sums = field(init=False)

    def __post_init__(self) -> None:
        self._sums = _Sums()

    def add(self, real: npt.NDArray[Any], integer: npt.NDArray[Any]) -> None:
        """Add one sample: the operator's input in the float network, and in the integer network as real values."""
        self.mean += mean_patch(self.operator, real, self.shape, self.result) / self.samples
        self.integer_mean += mean_patch(self.operator, integer, self.shape, self.result) / self.samples
        if not self.only_means:
            self._sums.add(*(self.grouping().patches(self._patches(value)) for value in (integer, real)))

    def grouping(self) -> Grouping:
        """How the weights fall into groups."""
        return Grouping.of(self.operator, self.shape, self.channels)

    def gathered(self, *, centred: bool) -> tuple[Array, Array]:
        """Second moments of the integer network's inputs, and of float minus integer inputs with them.

        Args:
            centred: about their means, where a bias takes up the mean error.

        Returns:
            Twice groups x inputs x inputs, float64.
        """
        return self._sums.moments(centred=centred)

    def _patches(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.operator.kind == "FULLY_CONNECTED":
            rows = value.reshape(-1, self.shape[1])
            return rows[self._spread(len(rows))]
        window = Window.of(self.operator, value.shape, (self.shape[1], self.shape[2]), self.result)
        places = self._spread(window.places)
        return np.concatenate([window.patches(image, places) for image in value])

    def _spread(self, available: int) -> npt.NDArray[np.int64]:
        """Places over the whole picture, as many as this sample has to give."""
        inputs = int(np.prod(self.shape[1:])) if self.operator.kind != "DEPTHWISE_CONV_2D" else 1
        wanted = max(PLACES_PER_INPUT * inputs, FEWEST_PLACES) // self.samples + 1
        count = min(wanted, available)
        return np.arange(count, dtype=np.int64) * available // count


@dataclass(slots=True)
class _Sums:
    """Sums over patches, taken about an origin near their mean: float32 products of what hardly varies stay exact.

    origin: groups x 1 x inputs, the mean of the first patches. total: of integer patches less the origin.
    waiting: patches of the integer network and their differences, not yet added up.
    """

    places: int = 0
    origin: Any = None
    second: Any = 0.0
    cross: Any = 0.0
    total: Any = 0.0
    difference: Any = 0.0
    waiting: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = field(default_factory=list)

    def add(self, integer: npt.NDArray[Any], real: npt.NDArray[Any]) -> None:
        """Add patches, groups x places x inputs."""
        self.waiting.append((integer, real - integer))
        if sum(one.shape[1] for one, _ in self.waiting) >= ROWS:
            self._settle()

    def moments(self, *, centred: bool) -> tuple[Array, Array]:
        """Means of products, see `Moments.gathered`."""
        self._settle()
        mean, difference = self.total / self.places, self.difference / self.places
        about = mean if centred else -self.origin[:, 0].astype(np.float64)
        shift = _outer(about, about) - _outer(about, mean) - _outer(mean, about)
        return self.second / self.places + shift, self.cross / self.places - _outer(difference, about)

    def _settle(self) -> None:
        if not self.waiting:
            return
        integer, difference = (np.concatenate(parts, axis=1) for parts in zip(*self.waiting, strict=True))
        self.waiting.clear()
        if self.origin is None:
            self.origin = integer.mean(axis=1, keepdims=True, dtype=np.float64).astype(integer.dtype)
        near = integer - self.origin
        self.places += near.shape[1]
        self.second = self.second + (near.swapaxes(1, 2) @ near).astype(np.float64)
        self.cross = self.cross + (difference.swapaxes(1, 2) @ near).astype(np.float64)
        self.total = self.total + near.sum(axis=1, dtype=np.float64)
        self.difference = self.difference + difference.sum(axis=1, dtype=np.float64)


def _outer(left: Array, right: Array) -> Array:
    """Of each group's vectors: groups x inputs x inputs."""
    return np.asarray(left[:, :, None] * right[:, None, :])
