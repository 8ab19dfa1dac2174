"""An anchor-free detector: at each place of two grids the classes and the distances to the box's four edges.

After FCOS (Tian et al. 2019), with each distance as a distribution over bins (Li et al. 2020), so that the bundle's
head `distances` reads it on the board, and boxes are decoded in float, as int8 wants it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from training.networks.layers import InvertedResidual, channels, convolution, separable

if TYPE_CHECKING:
    from training.networks.network import NetworkSpec

STRIDES = (8, 16)
"""Pixels of the input per place, in the output's order."""

BINS = 8
"""A distance reaches BINS - 1 places."""

RARE = -4.6
"""Logit of one in a hundred: where the classes begin, since most places show none (Lin et al. 2017)."""

# Expansion, channels, blocks, stride: to stride 8, and on to stride 16.
_FINE = ((1, 16, 1, 1), (4, 24, 2, 2), (4, 40, 2, 2))
_COARSE = ((4, 80, 3, 2),)
_HEAD = 48


class AnchorFree(nn.Module):
    """A small backbone, one path back up, and a head per grid."""

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        stem = channels(16 * spec.width)
        self.stem = convolution(spec.channels, stem, stride=2, activation=nn.ReLU6)
        self.fine, fine = _blocks(stem, _FINE, spec.width)
        self.coarse, coarse = _blocks(fine, _COARSE, spec.width)
        head = channels(_HEAD * spec.width)
        self.narrow = convolution(coarse, head, 1)
        self.doubled = nn.Upsample(scale_factor=2, mode="nearest")
        self.join = convolution(fine + head, head, 1)
        self.fine_head, self.coarse_head = (_head(head, spec.outputs) for _ in STRIDES)

    def forward(self, x: Any) -> Any:
        """N×C×H×W to N×places×(4·BINS + outputs): bins of left, top, right and bottom, then the classes' logits."""
        fine = self.fine(self.stem(x))
        coarse = self.narrow(self.coarse(fine))
        fine = self.join(torch.cat((fine, self.doubled(coarse)), dim=1))
        grids = (self.fine_head(fine), self.coarse_head(coarse))
        return torch.cat([grid.flatten(2).transpose(1, 2) for grid in grids], dim=1)


def anchor_free(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×places×(4·BINS + outputs); 110,000 parameters at width 1."""
    return AnchorFree(spec)


def _blocks(before: int, rows: tuple[tuple[int, int, int, int], ...], width: float) -> tuple[nn.Sequential, int]:
    layers = []
    for expansion, wanted, blocks, stride in rows:
        after = channels(wanted * width)
        for place in range(blocks):
            layers.append(InvertedResidual(before, after, expansion * before, stride if place == 0 else 1))
            before = after
    return nn.Sequential(*layers), before


def _head(width: int, classes: int) -> nn.Sequential:
    last = nn.Conv2d(width, 4 * BINS + classes, 1)
    nn.init.constant_(last.bias[4 * BINS :], RARE)
    return nn.Sequential(separable(width, width), last)
