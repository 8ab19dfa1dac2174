"""U-Net-lite: a class for each place of the picture (Ronneberger et al. 2015, with depthwise-separable blocks)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from training.networks.layers import channels, convolution, separable

if TYPE_CHECKING:
    from training.networks.network import NetworkSpec

WIDTHS = (16, 32, 64, 96)


class UNetLite(nn.Module):
    """Down by pooling, up by doubling, joined with what was there on the way down."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        first, *deeper = (channels(width * spec.width) for width in WIDTHS)
        self.first = nn.Sequential(convolution(spec.channels, first), separable(first, first))
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        before, passed = first, [first]
        for after in deeper:
            self.down.append(nn.Sequential(nn.MaxPool2d(2), separable(before, after), separable(after, after)))
            passed.append(after)
            before = after
        for after in reversed(passed[:-1]):
            self.up.append(nn.Sequential(separable(before + after, after), separable(after, after)))
            before = after
        self.doubled = nn.Upsample(scale_factor=2, mode="nearest")
        self.last = nn.Conv2d(before, spec.outputs, 1)

    def forward(self, x: Any) -> Any:
        """N×C×H×W to N×outputs×H×W, the score of each class at each place."""
        levels = [self.first(x)]
        for step in self.down:
            levels.append(step(levels[-1]))
        risen = levels.pop()
        for step in self.up:
            risen = step(torch.cat((self.doubled(risen), levels.pop()), dim=1))
        return self.last(risen)


def u_net_lite(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×outputs×H×W; 60,000 parameters at width 1."""
    return UNetLite(spec)
