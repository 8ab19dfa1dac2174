"""int8 or int4 weights and int32 or int64 biases of multiply-accumulate operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Quantization
from converters.quantize.affine import INT16_BITS, WEIGHT_LIMIT, Affine
from converters.tflite.types import INT4

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

INT8: np.dtype[Any] = np.dtype("i1")
INT4_LIMIT = 7
"""int4 weights are symmetric, too: -7 to 7, zero point 0."""

_BIAS_LIMIT = 2.0**30
"""Half of what int32 holds, so that a corrected bias and its accumulator still fit."""

_INT64_LIMIT = 2.0**47
"""Beside int16 activations the kernels round an accumulator of 48 bits."""

_SHARES = np.linspace(1.0, 0.5, 21)
"""Shares of an int4 scale that are tried, the whole first."""

WORTH_DB = 6.0
"""What a scale per channel has to gain where it is not free: one more bit for every weight."""

_SMALLEST_SHARE = 2.0**-24
"""A channel's scale, as a share of the largest channel's: below it no weight would count, and kernels' ratios fail."""


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """Quantised constants of one operator.

    stored: int8 or int4, the float weights' shape. quantization: symmetric, per channel or per tensor.
    real: float32, what the stored weights stand for.
    """

    stored: npt.NDArray[Any]
    quantization: Quantization
    real: npt.NDArray[np.float32]


def quantize_weights(
    weights: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    input_scale: float,
    axis: int,
    *,
    per_channel: bool,
    dtype: np.dtype[Any] = INT8,
) -> StoredWeights:
    """Symmetric weights, -127 to 127 or, for int4, -7 to 7.

    A dead channel, whose bias would not fit int32 at its weights' tiny scale, gets a scale wide enough for its bias.

    Args:
        weights: float32, any shape.
        bias: float32, one per channel.
        input_scale: the scale of the operator's input, which with the weights' gives the bias's.
        axis: the weights' axis of output channels.
        per_channel: one scale per channel, or one for all.
        dtype: `INT8` or `INT4`.
    """
    by_channel = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1).astype(np.float64)
    limit = weight_limit(dtype)
    scale = np.abs(by_channel).max(axis=1) / limit
    if not per_channel:
        scale = scale.max(keepdims=True)
        by_channel = by_channel.reshape(1, -1)
    if dtype == INT4:
        scale *= _least_squares_share(by_channel, scale, limit)
    scale = np.maximum(scale, (scale.max() or 1.0) * _SMALLEST_SHARE)
    widest_bias = np.abs(bias, dtype=np.float64) / (input_scale * _BIAS_LIMIT)
    scale = np.maximum(scale, widest_bias if per_channel else widest_bias.max(keepdims=True)).astype(np.float32)
    broadcast = [1] * weights.ndim
    broadcast[axis] = -1
    steps = scale.reshape(broadcast).astype(np.float64)
    stored = np.clip(np.rint(weights / steps), -limit, limit).astype(np.int8)
    quantization = Quantization(scale, np.zeros(scale.size, np.int64), axis if per_channel else 0)
    return StoredWeights(stored.astype(dtype), quantization, (stored * steps).astype(np.float32))


def channels_differ(weights: npt.NDArray[Any], axis: int) -> bool:
    """Whether one scale per channel takes so much noise out of the weights that its bytes are well spent.

    Rounding noise goes with the square of a scale: the mean square of the channels' largest weights against the square
    of the largest of all. A scale per channel costs 11 bytes per channel of a file. Ten layers of the anomaly
    autoencoder would gain 5 to 14 dB (and its answers 4.5 dB), a classifier's last layer 0 to 4 (its answers nothing).

    Args:
        weights: float32, any shape.
        axis: the weights' axis of output channels.
    """
    largest = np.abs(np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)).max(axis=1, initial=0)
    power = float(np.square(largest, dtype=np.float64).mean())
    return power * 10 ** (WORTH_DB / 10) < float(largest.max(initial=0)) ** 2


def weight_limit(dtype: np.dtype[Any]) -> int:
    """The largest stored weight of a type: 127 or 7."""
    return INT4_LIMIT if dtype == INT4 else WEIGHT_LIMIT


def _least_squares_share(by_channel: Array, scale: Array, limit: int) -> Array:
    """Which share of each channel's scale rounds and clips its weights with the least squared error.

    With 15 steps, cutting off a channel's largest weights pays; with 255 it does not.
    """
    safe = np.where(scale > 0, scale, 1.0)[:, None]
    costs = []
    for share in _SHARES:
        steps = safe * share
        rounded = np.clip(np.rint(by_channel / steps), -limit, limit) * steps
        costs.append(np.square(rounded - by_channel).sum(axis=1))
    return np.asarray(_SHARES[np.argmin(costs, axis=0)])


def quantize_bias(
    bias: npt.NDArray[Any], source: Affine, weights: Quantization
) -> tuple[npt.NDArray[Any], Quantization]:
    """The bias as int32 (int64 beside int16 activations) at input scale x weight scale, zero point 0.

    Exact to half a step of the accumulator.

    Args:
        bias: one per channel.
        source: the parameters of the operator's input.
        weights: those of its weights.
    """
    scale = (np.float32(source.scale) * weights.scale).astype(np.float32)
    dtype = np.int64 if source.bits == INT16_BITS else np.int32
    limit = _INT64_LIMIT if source.bits == INT16_BITS else 2.0**31 - 1
    stored = np.clip(np.rint(bias.astype(np.float64) / scale), -limit, limit).astype(dtype)
    return stored, Quantization(scale, np.zeros(scale.size, np.int64), 0)
