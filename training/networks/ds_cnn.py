"""DS-CNN, the depthwise-separable network for spectra of sounds (Zhang et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from training.networks.layers import channels, pooled_classes, separable

if TYPE_CHECKING:
    from training.networks.network import NetworkSpec

WIDTH = 64
BLOCKS = 4
KERNEL = (10, 4)
"""Times by bands; half of it is padded on either side."""


def ds_cnn(spec: NetworkSpec) -> Any:
    """N×1×times×bands to N×outputs logits: the S size of the paper, 24,000 parameters at width 1."""
    width = channels(WIDTH * spec.width)
    first = [
        nn.Conv2d(spec.channels, width, KERNEL, 2, (KERNEL[0] // 2, KERNEL[1] // 2), bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    blocks = [separable(width, width) for _ in range(BLOCKS)]
    return nn.Sequential(*first, *blocks, nn.Dropout(spec.dropout), pooled_classes(width, spec.outputs))
