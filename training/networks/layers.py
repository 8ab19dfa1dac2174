"""The blocks that the architectures are built from.

Channels stand second: tensors are N×C×H×W float32. Every block is made of layers that the converter folds or fuses
(convolution, batch normalisation, ReLU or ReLU6) or has int8 kernels for (hard-swish, sigmoid, addition).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable

    Activation = Callable[[], Any]

STEP = 8
"""Channels come in multiples of it: SIMD kernels and accelerators work on eight at a time."""

_LEAST_SHARE = 0.9


def channels(wanted: float, step: int = STEP) -> int:
    """The multiple of `step` next to `wanted`, never less than nine tenths of it (Sandler et al. 2018, their code)."""
    rounded = max(step, int(wanted + step / 2) // step * step)
    return rounded if rounded >= _LEAST_SHARE * wanted else rounded + step


def convolution(
    before: int, after: int, kernel: int = 3, stride: int = 1, groups: int = 1, activation: Activation | None = nn.ReLU
) -> nn.Sequential:
    """Convolution with zeros around, batch normalisation and, unless None, an activation."""
    layers = [
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def separable(before: int, after: int, stride: int = 1, activation: Activation = nn.ReLU) -> nn.Sequential:
    """A depthwise 3×3 and a pointwise convolution (Howard et al. 2017)."""
    return nn.Sequential(
        convolution(before, before, 3, stride, before, activation),
        convolution(before, after, 1, activation=activation),
    )


def pooled_classes(width: int, classes: int) -> nn.Sequential:
    """The mean of each channel over all places, and one linear layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes))


class Excitation(nn.Module):
    """Channels weighted by what all places say together (Hu et al. 2018), with the hard sigmoid of MobileNetV3."""

    def __init__(self, width: int) -> None:
        super().__init__()
        squeezed = channels(width / 4)
        self.weigh = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, squeezed, 1),
            nn.ReLU(),
            nn.Conv2d(squeezed, width, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Any) -> Any:
        """N×C×H×W to the same."""
        return x * self.weigh(x)


class InvertedResidual(nn.Module):
    """Expand, convolve each channel, project; added to what came in where the shapes agree (Sandler et al. 2018).

    Args:
        before, after: channels in and out.
        expanded: channels between; no expansion where it is `before` itself.
        stride: 2 halves height and width.
        kernel: side of the depthwise convolution.
        activation: after expansion and depthwise convolution; the projection stays linear.
        excited: whether channels are weighted before the projection.
    """

    def __init__(
        self,
        before: int,
        after: int,
        expanded: int,
        stride: int,
        kernel: int = 3,
        activation: Activation = nn.ReLU6,
        *,
        excited: bool = False,
    ) -> None:
        super().__init__()
        grow = [convolution(before, expanded, 1, activation=activation)] if expanded != before else []
        self.body = nn.Sequential(
            *grow,
            convolution(expanded, expanded, kernel, stride, expanded, activation),
            *([Excitation(expanded)] if excited else []),
            convolution(expanded, after, 1, activation=None),
        )
        self.adds = stride == 1 and before == after

    def forward(self, x: Any) -> Any:
        """N×before×H×W to N×after×H/stride×W/stride."""
        return x + self.body(x) if self.adds else self.body(x)
