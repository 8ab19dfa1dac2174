"""The own backbone as a PyTorch module: plain 3×3 convolutions to stride 16, then bottlenecks, 96 channels at the end.

Plain convolutions train several times faster on a processor than depthwise ones and cost the board little in int8.
Nothing in it needs PyTorch once it is trained: `layers` gives its weights with the batch norms folded in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

STAGES = ((16, 0), (32, 0), (64, 1), (96, 6))
"""Channels and bottlenecks of each stage; each begins with a convolution of stride 2."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution with its batch norm folded in.

    weights: out×kh×kw×in float32. bias: out. stride: 1 or 2. residual: `begin` where a bottleneck begins, whose input
    is added after its `end`; `none` elsewhere. has_relu6: whether the sum (or the layer) ends in one.
    """

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    stride: int = 1
    residual: str = "none"
    has_relu6: bool = True


class Convolution(nn.Module):
    """Convolution and batch norm, padded as TFLite's SAME on even sizes."""

    def __init__(self, channels_in: int, channels_out: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.stride, self.size = stride, size
        self.weights = nn.Conv2d(channels_in, channels_out, size, stride, 0 if stride > 1 else size // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels_out)

    def forward(self, values: Tensor) -> Tensor:
        """N×C×H×W to N×C'×H/s×W/s."""
        padded = functional.pad(values, (0, 1, 0, 1)) if self.stride > 1 else values
        return self.norm(self.weights(padded))

    def layer(self, residual: str = "none") -> Layer:
        """With the batch norm folded in."""
        norm = self.norm
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        weights = (self.weights.weight.detach() * scale[:, None, None, None]).permute(0, 2, 3, 1)
        bias = (norm.bias - norm.running_mean * scale).detach()
        return Layer(weights.contiguous().numpy(), bias.numpy(), self.stride, residual)


class Bottleneck(nn.Module):
    """Half the channels, a 3×3 among them, back again, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = Convolution(channels, channels // 2, 1)
        self.look = Convolution(channels // 2, channels // 2, 3)
        self.widen = Convolution(channels // 2, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        """N×C×H×W to the same."""
        inner = functional.relu6(self.look(functional.relu6(self.narrow(values))))
        return functional.relu6(values + self.widen(inner))


class StudentNetwork(nn.Module):
    """N×3×H×W real pictures, (byte - 127) / 127.5, to N×`channels`×H/16×W/16."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = 3
        for width, bottlenecks in STAGES:
            stages += [Convolution(before, width, 3, stride=2), *(Bottleneck(width) for _ in range(bottlenecks))]
            before = width
        self.stages = nn.ModuleList(stages)
        self.end = nn.Conv2d(before, channels, 1)

    def forward(self, values: Tensor) -> Tensor:
        """See the class."""
        for stage in self.stages:
            values = stage(values)
            if isinstance(stage, Convolution):
                values = functional.relu6(values)
        return self.end(values)

    def layers(self) -> Iterator[Layer]:
        """In run order; the last one gives what the student was taught to give."""
        for stage in self.stages:
            if isinstance(stage, Convolution):
                yield stage.layer()
            elif isinstance(stage, Bottleneck):
                yield stage.narrow.layer("begin")
                yield stage.look.layer()
                yield stage.widen.layer("end")
        weights = self.end.weight.detach().permute(0, 2, 3, 1).contiguous().numpy()
        yield Layer(weights, self.end.bias.detach().numpy(), has_relu6=False)
