"""Taking the mean error of rounded weights out of the bias.

A convolution is linear: the mean, over samples and positions, of the error that rounded weights make is the convolution
of the mean input with the rounding errors. Subtracting it from the bias costs nothing at run time (Nagel et al.,
"Data-free quantization through weight equalization and bias correction", ICCV 2019, section 4.2, with the mean input
measured instead of derived).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

    Array = npt.NDArray[np.float64]


def mean_output_shift(operator: Operator, mean_input: Array, error: npt.NDArray[Any]) -> Array:
    """How far weight errors move the mean of each output channel.

    Args:
        operator: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, or TRANSPOSE_CONV (which is given no correction: zeros).
        mean_input: the mean of its input over samples (N x H x W x C, or rows of C).
        error: rounded minus true weights, in the weights' own layout.

    Returns:
        One value per output channel, float64.
    """
    error = error.astype(np.float64)
    if operator.kind == "FULLY_CONNECTED":
        return np.asarray(error @ mean_input.reshape(-1, error.shape[1]).mean(axis=0))
    if operator.kind == "CONV_2D":
        return _grouped_convolution(_mean_patch(operator, mean_input, error.shape[1:3]), error)
    if operator.kind == "DEPTHWISE_CONV_2D":
        patch = _mean_patch(operator, mean_input, error.shape[1:3])
        multiplier = error.shape[3] // patch.shape[2]
        return np.asarray((np.repeat(patch, multiplier, axis=2) * error[0]).sum(axis=(0, 1)))
    return np.zeros(error.shape[0])


def _mean_patch(operator: Operator, mean_input: Array, kernel: tuple[int, ...]) -> Array:
    """What each tap of the kernel sees on average over output places: height x width x C, padding as zeros."""
    strides = operator.options["stride_h"], operator.options["stride_w"]
    dilations = operator.options.get("dilation_h_factor", 1), operator.options.get("dilation_w_factor", 1)
    image = mean_input.mean(axis=0)
    rows, columns = (
        _positions(size, taps, stride, dilation, same=operator.options.get("padding", "SAME") == "SAME")
        for size, taps, stride, dilation in zip(image.shape[:2], kernel, strides, dilations, strict=True)
    )
    return np.array([[_mean_at(image, row, column) for column in columns] for row in rows])


def _positions(size: int, taps: int, stride: int, dilation: int, *, same: bool) -> list[npt.NDArray[np.int64]]:
    """For each tap of one axis, the input places that it reads, one per output place; outside places are padding."""
    reach = (taps - 1) * dilation + 1
    count = -(-size // stride) if same else (size - reach) // stride + 1
    before = max((count - 1) * stride + reach - size, 0) // 2 if same else 0
    return [np.arange(count) * stride - before + tap * dilation for tap in range(taps)]


def _mean_at(image: Array, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Array:
    inside_rows = rows[(rows >= 0) & (rows < image.shape[0])]
    inside_columns = columns[(columns >= 0) & (columns < image.shape[1])]
    total: Array = image[np.ix_(inside_rows, inside_columns)].sum(axis=(0, 1))
    return total / (len(rows) * len(columns))


def _grouped_convolution(patch: Array, error: Array) -> Array:
    width = error.shape[3]
    per_group = error.shape[0] // (patch.shape[2] // width)
    groups = [patch[:, :, first : first + width] for first in range(0, patch.shape[2], width)]
    return np.concatenate(
        [
            np.einsum("hwc,ohwc->o", part, error[place * per_group : (place + 1) * per_group])
            for place, part in enumerate(groups)
        ]
    )
