"""Normalisations that cannot be folded into the layer before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.elementwise import binary, operand, scalar, unary
from converters.lower.layout import channel_last, with_last
from converters.lower.reduction import reduced

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.writing import Writing

_PICTURE_RANK = 4


def lower_batch_norm(w: Writing, node: Node) -> None:
    """One that stands alone: a multiplication and an addition per channel."""
    constants = [w.constant(name) for name in node.inputs[1:5]]
    if any(constant is None for constant in constants) or node.attributes.get("training_mode", 0):
        raise node.refuse("its statistics are computed", "export the model in evaluation mode")
    scale, bias, mean, variance = (np.asarray(constant, np.float64) for constant in constants)
    factor = scale / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    layout = w.layout(node.inputs[0])
    x = w.read(node.inputs[0], layout)
    x = binary(w, "MUL", x, _per_channel(w, factor, layout))
    w.give(node.outputs[0], binary(w, "ADD", x, _per_channel(w, bias - mean * factor, layout)), layout)


def _per_channel(w: Writing, values: npt.NDArray[Any], layout: tuple[int, ...]) -> str:
    shape = [values.size if axis == 1 else 1 for axis in layout]
    while len(shape) > 1 and shape[0] == 1:
        del shape[0]
    return w.add_constant(values.reshape(shape).astype(np.float32))


def lower_layer_norm(w: Writing, node: Node) -> None:
    """Over the last axes."""
    shape = w.shape(node.inputs[0])
    axis = int(node.attributes.get("axis", -1)) % len(shape)
    if len(node.outputs) > 1 and any(node.outputs[1:]):
        raise node.refuse("its mean or deviation is used", "export the model for inference")
    layout = w.layout(node.inputs[0])
    for last in range(axis, len(shape)):
        layout = with_last(layout, last)
    axes = [layout.index(held) for held in range(axis, len(shape))]
    x = _standardised(w, w.read(node.inputs[0], layout), axes, float(node.attributes.get("epsilon", 1e-5)))
    x = binary(w, "MUL", x, operand(w, node.inputs[1], len(shape), layout))
    if node.input(2):
        x = binary(w, "ADD", x, operand(w, node.inputs[2], len(shape), layout))
    w.give(node.outputs[0], x, layout)


def lower_instance_norm(w: Writing, node: Node) -> None:
    """Over each channel's plane."""
    scale, bias = (w.constant(name) for name in node.inputs[1:3])
    if scale is None or bias is None:
        raise node.refuse("its scale or bias is computed", "export it with constants")
    layout = channel_last(len(w.shape(node.inputs[0])))
    axes = list(range(1, len(layout) - 1))
    x = _standardised(w, w.read(node.inputs[0], layout), axes, float(node.attributes.get("epsilon", 1e-5)))
    x = binary(w, "MUL", x, _per_channel(w, scale, layout))
    w.give(node.outputs[0], binary(w, "ADD", x, _per_channel(w, bias, layout)), layout)


def _standardised(w: Writing, x: str, axes: list[int], epsilon: float) -> str:
    """(x - mean) / √(variance + ε) along physical axes."""
    centred = binary(w, "SUB", x, reduced(w, "MEAN", x, axes))
    variance = reduced(w, "MEAN", binary(w, "MUL", centred, centred), axes)
    return binary(w, "MUL", centred, unary(w, "RSQRT", binary(w, "ADD", variance, scalar(w, epsilon))))


def lower_lrn(w: Writing, node: Node) -> None:
    """LOCAL_RESPONSE_NORMALIZATION; ONNX divides α by the window's size, TFLite does not."""
    size = int(node.attributes["size"])
    if size % 2 == 0 or len(w.shape(node.inputs[0])) != _PICTURE_RANK:
        raise node.refuse(f"its window of {size} has no middle, or it is no picture", "use an odd window on pictures")
    layout = channel_last(_PICTURE_RANK)
    options = {
        "radius": size // 2,
        "alpha": float(node.attributes.get("alpha", 1e-4)) / size,
        "beta": float(node.attributes.get("beta", 0.75)),
        "bias": float(node.attributes.get("bias", 1.0)),
    }
    x = w.read(node.inputs[0], layout)
    w.give(node.outputs[0], unary(w, "LOCAL_RESPONSE_NORMALIZATION", x, **options), layout)
