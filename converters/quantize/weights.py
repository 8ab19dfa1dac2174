"""int8 weights and int32 biases of multiply-accumulate operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Quantization
from converters.quantize.affine import WEIGHT_LIMIT

if TYPE_CHECKING:
    import numpy.typing as npt

_BIAS_LIMIT = 2.0**30
"""Half of what int32 holds, so that a corrected bias and its accumulator still fit."""

_SMALLEST_SHARE = 2.0**-24
"""A channel's scale, as a share of the largest channel's: below it no weight would count, and kernels' ratios fail."""


@dataclass(frozen=True, slots=True)
class Int8Weights:
    """Quantised constants of one operator.

    stored: int8, the float weights' shape. quantization: symmetric, per channel or per tensor.
    real: float32, what the stored weights stand for.
    """

    stored: npt.NDArray[np.int8]
    quantization: Quantization
    real: npt.NDArray[np.float32]


def quantize_weights(
    weights: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    input_scale: float,
    axis: int,
    *,
    per_channel: bool,
) -> Int8Weights:
    """Symmetric int8 weights, -127 to 127.

    A dead channel, whose bias would not fit int32 at its weights' tiny scale, gets a scale wide enough for its bias.

    Args:
        weights: float32, any shape.
        bias: float32, one per channel.
        input_scale: the scale of the operator's input, which with the weights' gives the bias's.
        axis: the weights' axis of output channels.
        per_channel: one scale per channel, or one for all.
    """
    by_channel = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1).astype(np.float64)
    largest = np.abs(by_channel).max(axis=1)
    scale = largest / WEIGHT_LIMIT
    scale = np.maximum(scale, (scale.max() or 1.0) * _SMALLEST_SHARE)
    scale = np.maximum(scale, np.abs(bias, dtype=np.float64) / (input_scale * _BIAS_LIMIT))
    if not per_channel:
        scale = scale.max(keepdims=True)
    scale = scale.astype(np.float32)
    broadcast = [1] * weights.ndim
    broadcast[axis] = -1
    steps = scale.reshape(broadcast).astype(np.float64)
    stored = np.clip(np.rint(weights / steps), -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
    quantization = Quantization(scale, np.zeros(scale.size, np.int64), axis if per_channel else 0)
    return Int8Weights(stored, quantization, (stored * steps).astype(np.float32))


def quantize_bias(
    bias: npt.NDArray[Any], input_scale: float, weights: Quantization
) -> tuple[npt.NDArray[np.int32], Quantization]:
    """The bias as int32 at input scale x weight scale, zero point 0: exact to half a step of the accumulator."""
    scale = (np.float32(input_scale) * weights.scale).astype(np.float32)
    limits = np.iinfo(np.int32)
    stored = np.clip(np.rint(bias.astype(np.float64) / scale), limits.min, limits.max).astype(np.int32)
    return stored, Quantization(scale, np.zeros(scale.size, np.int64), 0)
