"""Multiply-accumulate operators as groups of plain matrix products: weights and inputs in one form for all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

MOST_INPUTS = 2048
"""Inputs of one group at most: its second moments take 34 MB. A wider operator is parted by its input channels."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How one operator's weights and patches fall into groups, each group's outputs reading the group's inputs.

    depthwise: each input channel is a group, with `depth_multiplier` outputs.
    channels: groups of the operator itself (a grouped convolution has several).
    parts: into how many equal parts the input channels of each are split, so that no group is wider than `MOST_INPUTS`.
    """

    depthwise: bool
    channels: int
    parts: int

    @classmethod
    def of(cls, operator: Operator, weights: tuple[int, ...], input_channels: int) -> Grouping:
        """The grouping of an operator with weights of that shape."""
        if operator.kind == "DEPTHWISE_CONV_2D":
            return cls(depthwise=True, channels=input_channels, parts=1)
        width, taps = weights[-1], int(np.prod(weights[1:-1]))
        parts = next(parts for parts in range(1, width + 1) if width % parts == 0 and fits(width // parts * taps))
        return cls(depthwise=False, channels=input_channels // width, parts=parts)

    def weights(self, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Weights in their own layout as groups x outputs x inputs."""
        if self.depthwise:
            taps = weights[0].reshape(-1, self.channels, weights.shape[3] // self.channels)
            return np.asarray(taps.transpose(1, 2, 0))
        outputs, width = weights.shape[0] // self.channels, weights.shape[-1]
        parted = weights.reshape(self.channels, outputs, -1, self.parts, width // self.parts)
        return np.asarray(parted.transpose(0, 3, 1, 2, 4).reshape(self.channels * self.parts, outputs, -1))

    def restored(self, grouped: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """`weights`, undone: groups x outputs x inputs in the layout of `shape`."""
        if self.depthwise:
            return np.ascontiguousarray(grouped.transpose(2, 0, 1).reshape(shape))
        outputs, width = shape[0] // self.channels, shape[-1] // self.parts
        parted = grouped.reshape(self.channels, self.parts, outputs, -1, width)
        return np.ascontiguousarray(parted.transpose(0, 2, 3, 1, 4).reshape(shape))

    def patches(self, patches: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Patches (places x taps... x input channels) as groups x places x inputs."""
        count, all_channels = patches.shape[0], patches.shape[-1]
        flat = patches.reshape(count, -1, all_channels)
        if self.depthwise:
            return np.asarray(flat.transpose(2, 0, 1))
        groups = self.channels * self.parts
        parted = flat.reshape(count, flat.shape[1], groups, all_channels // groups)
        return np.asarray(parted.transpose(2, 0, 1, 3).reshape(groups, count, -1))

    def steps(self, scale: npt.NDArray[Any], outputs: int) -> npt.NDArray[np.float64]:
        """A scale per output channel, or one for all, as groups x outputs."""
        each = np.broadcast_to(scale.astype(np.float64), (outputs,)).reshape(self.channels, -1)
        return np.repeat(each, self.parts, axis=0)


def fits(inputs: int) -> bool:
    """Whether one group may have so many inputs."""
    return inputs <= MOST_INPUTS
