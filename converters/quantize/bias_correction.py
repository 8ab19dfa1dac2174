"""Taking the mean error of rounded weights out of the bias.

A convolution is linear: the mean, over samples and positions, of the error that rounded weights make is the convolution
of the mean input with the rounding errors. Subtracting it from the bias costs nothing at run time (Nagel et al.,
"Data-free quantization through weight equalization and bias correction", ICCV 2019, section 4.2, with the mean input
measured instead of derived).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.window import Window

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

    Array = npt.NDArray[np.float64]


def mean_patch(
    operator: Operator, mean_input: npt.NDArray[Any], weights: tuple[int, ...], result: tuple[int, ...]
) -> Array:
    """The mean of what an operator multiplies with its weights.

    Args:
        operator: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED or TRANSPOSE_CONV.
        mean_input: the mean of its input over samples (N x H x W x C, or rows of C).
        weights: the shape of its weights, in their own layout.
        result: the shape of its output.

    Returns:
        C values, or kernel height x width x C, float64.
    """
    if operator.kind == "FULLY_CONNECTED":
        return np.asarray(mean_input.reshape(-1, weights[1]).mean(axis=0, dtype=np.float64))
    window = Window.of(operator, mean_input.shape, (weights[1], weights[2]), result)
    return window.mean_patch(mean_input.mean(axis=0, dtype=np.float64))


def mean_output(operator: Operator, patch: Array, weights: npt.NDArray[Any]) -> Array:
    """The mean of each output channel, without bias, for a mean patch and weights.

    With rounded minus true weights it is how far the rounding moves that mean.
    """
    weights = weights.astype(np.float64)
    if operator.kind == "FULLY_CONNECTED":
        return np.asarray(weights @ patch)
    if operator.kind == "DEPTHWISE_CONV_2D":
        multiplier = weights.shape[3] // patch.shape[2]
        return np.asarray((np.repeat(patch, multiplier, axis=2) * weights[0]).sum(axis=(0, 1)))
    return _grouped_convolution(patch, weights)


def _grouped_convolution(patch: Array, weights: Array) -> Array:
    width = weights.shape[3]
    per_group = weights.shape[0] // (patch.shape[2] // width)
    groups = [patch[:, :, first : first + width] for first in range(0, patch.shape[2], width)]
    return np.concatenate(
        [
            np.einsum("hwc,ohwc->o", part, weights[place * per_group : (place + 1) * per_group])
            for place, part in enumerate(groups)
        ]
    )
