"""ResNet-18 (He et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from training.networks.layers import channels, convolution, pooled_classes

if TYPE_CHECKING:
    from training.networks.network import NetworkSpec

WIDTHS = (64, 128, 256, 512)
SMALL_PX = 64
"""Up to here the stem keeps its places: with the paper's, which is for 224 px, 32 px would end as one place."""


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(convolution(before, after, stride=stride), convolution(after, after, activation=None))
        changes = stride > 1 or before != after
        self.shortcut = convolution(before, after, 1, stride, activation=None) if changes else nn.Identity()
        self.last = nn.ReLU()

    def forward(self, x: Any) -> Any:
        """N×before×H×W to N×after×H/stride×W/stride."""
        return self.last(self.body(x) + self.shortcut(x))


def resnet_18(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×outputs logits; 11.7 million parameters with 1,000 outputs at width 1.

    The stem is the paper's (7×7 by 2, pooled by 2); for pictures of 64 px and less it is one 3×3 convolution by 2.
    """
    width = channels(WIDTHS[0] * spec.width)
    layers = _stem(spec, width)
    for number, wanted in enumerate(WIDTHS):
        after = channels(wanted * spec.width)
        layers += [BasicBlock(width, after, 1 if number == 0 else 2), BasicBlock(after, after, 1)]
        width = after
    return nn.Sequential(*layers, nn.Dropout(spec.dropout), pooled_classes(width, spec.outputs))


def _stem(spec: NetworkSpec, width: int) -> list[Any]:
    if max(spec.height_px, spec.width_px) <= SMALL_PX:
        return [convolution(spec.channels, width, 3, 2)]
    return [convolution(spec.channels, width, 7, 2), nn.MaxPool2d(3, 2, 1)]
