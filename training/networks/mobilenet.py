"""MobileNetV2 (Sandler et al. 2018), MobileNetV3-small (Howard et al. 2019) and EfficientNet-Lite0 (Google, 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from training.networks.layers import InvertedResidual, channels, convolution, pooled_classes

if TYPE_CHECKING:
    from training.networks.network import NetworkSpec


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of one kind, one after the other; the first of them has the stride.

    expansion: channels between, in multiples of what comes in.
    """

    expansion: float
    after: int
    blocks: int
    stride: int
    kernel: int = 3


V2_STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 32, 3, 2),
    Stage(6, 64, 4, 2),
    Stage(6, 96, 3, 1),
    Stage(6, 160, 3, 2),
    Stage(6, 320, 1, 1),
)
LITE0_STAGES = (
    Stage(1, 16, 1, 1),
    Stage(6, 24, 2, 2),
    Stage(6, 40, 2, 2, 5),
    Stage(6, 80, 3, 2),
    Stage(6, 112, 3, 1, 5),
    Stage(6, 192, 4, 2, 5),
    Stage(6, 320, 1, 1),
)
STEM, LAST = 32, 1280

# Channels in between, channels out, kernel, stride, excited, hard-swish: table 2 of the paper.
V3_SMALL_BLOCKS = (
    (16, 16, 3, 2, True, False),
    (72, 24, 3, 2, False, False),
    (88, 24, 3, 1, False, False),
    (96, 40, 5, 2, True, True),
    (240, 40, 5, 1, True, True),
    (240, 40, 5, 1, True, True),
    (120, 48, 5, 1, True, True),
    (144, 48, 5, 1, True, True),
    (288, 96, 5, 2, True, True),
    (576, 96, 5, 1, True, True),
    (576, 96, 5, 1, True, True),
)
V3_STEM, V3_GROWTH, V3_LAST = 16, 6, 1024
V3_EPSILON = 1e-3
"""Beside the variance in each normalisation; published weights were trained with it."""


def mobilenet_v2(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×outputs logits; 3.5 million parameters with 1,000 outputs at width 1."""
    return _of_stages(spec, V2_STAGES)


def efficientnet_lite0(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×outputs logits: EfficientNet-B0 without attention and with ReLU6, 4.7 million parameters."""
    return _of_stages(spec, LITE0_STAGES)


def mobilenet_v3_small(spec: NetworkSpec) -> Any:
    """N×C×H×W to N×outputs logits: hard-swish, excitation, 5×5 kernels; 2.5 million parameters."""
    width = channels(V3_STEM * spec.width)
    layers = [convolution(spec.channels, width, stride=2, activation=nn.Hardswish)]
    for between, after, kernel, stride, excited, smooth in V3_SMALL_BLOCKS:
        expanded, narrowed = channels(between * spec.width), channels(after * spec.width)
        activation = nn.Hardswish if smooth else nn.ReLU
        layers.append(InvertedResidual(width, narrowed, expanded, stride, kernel, activation, excited=excited))
        width = narrowed
    grown, last = V3_GROWTH * width, channels(V3_LAST * spec.width)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(grown, last), nn.Hardswish(), nn.Dropout(spec.dropout)]
    network = nn.Sequential(
        *layers, convolution(width, grown, 1, activation=nn.Hardswish), *head, nn.Linear(last, spec.outputs)
    )
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = V3_EPSILON
    return network


def _of_stages(spec: NetworkSpec, stages: tuple[Stage, ...]) -> Any:
    width = channels(STEM * spec.width)
    layers = [convolution(spec.channels, width, stride=2, activation=nn.ReLU6)]
    for stage in stages:
        after = channels(stage.after * spec.width)
        for place in range(stage.blocks):
            stride = stage.stride if place == 0 else 1
            layers.append(InvertedResidual(width, after, round(stage.expansion * width), stride, stage.kernel))
            width = after
    # The last layer feeds the classifier alone, and never gets narrower than the papers have it.
    last = channels(LAST * max(1.0, spec.width))
    return nn.Sequential(
        *layers,
        convolution(width, last, 1, activation=nn.ReLU6),
        nn.Dropout(spec.dropout),
        pooled_classes(last, spec.outputs),
    )
