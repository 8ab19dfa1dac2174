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


@dataclass(slots=True)
class Moments:
    """Of one operator, in the float network and in the int8 network as it stands.

    shape, result: of the weights and of the output. channels: of the input. samples: how many will be added.
    mean, int8_mean: the mean patch over all places. second: sums over some places of the int8 inputs' products, groups
        x inputs x inputs. cross: the same of float minus int8 inputs with int8 inputs. totals: sums to centre them by.
    """

    operator: Operator
    shape: tuple[int, ...]
    result: tuple[int, ...]
    channels: int
    samples: int
    mean: Any = 0.0
    int8_mean: Any = 0.0
    second: Any = 0.0
    cross: Any = 0.0
    totals: Any = field(default_factory=lambda: (0.0, 0.0))
    places: int = 0

    def add(self, real: npt.NDArray[Any], int8: npt.NDArray[Any]) -> None:
        """Add one sample: the operator's input in the float network, and in the int8 network as real values."""
        self.mean = self.mean + mean_patch(self.operator, real, self.shape, self.result) / self.samples
        self.int8_mean = self.int8_mean + mean_patch(self.operator, int8, self.shape, self.result) / self.samples
        grouping = self.grouping()
        stored, true = (grouping.patches(self._patches(value)).astype(np.float32) for value in (int8, real))
        difference = true - stored
        self.second = self.second + (stored.swapaxes(1, 2) @ stored).astype(np.float64)
        self.cross = self.cross + (difference.swapaxes(1, 2) @ stored).astype(np.float64)
        self.totals = (
            self.totals[0] + stored.sum(axis=1, dtype=np.float64),
            self.totals[1] + difference.sum(axis=1, dtype=np.float64),
        )
        self.places += stored.shape[1]

    def grouping(self) -> Grouping:
        """How the weights fall into groups."""
        return Grouping.of(self.operator, self.shape, self.channels)

    def gathered(self, *, centred: bool) -> tuple[Array, Array]:
        """Second moments of the int8 inputs, and of float minus int8 inputs with them: groups x inputs x inputs.

        Args:
            centred: about their means, where a bias takes up the mean error.
        """
        stored, difference = (total / self.places * centred for total in self.totals)
        return (
            self.second / self.places - stored[:, :, None] * stored[:, None, :],
            self.cross / self.places - difference[:, :, None] * stored[:, None, :],
        )

    def _patches(self, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self.operator.kind == "FULLY_CONNECTED":
            rows = value.reshape(-1, self.shape[1])
            return rows[self._spread(len(rows))]
        window = Window.of(self.operator, value.shape, (self.shape[1], self.shape[2]), self.result)
        places = self._spread(window.places)
        return np.concatenate([window.patches(image, places) for image in value])

    def _spread(self, available: int) -> npt.NDArray[np.int64]:
        inputs = int(np.prod(self.shape[1:])) if self.operator.kind != "DEPTHWISE_CONV_2D" else 1
        wanted = max(PLACES_PER_INPUT * inputs, FEWEST_PLACES) // self.samples + 1
        count = min(wanted, available)
        return np.arange(count, dtype=np.int64) * available // count
