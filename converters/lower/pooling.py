"""Pooling: windows of maxima and means, and whole pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.convolution import give_picture, picture
from converters.lower.elementwise import binary
from converters.lower.layout import channel_last
from converters.lower.window import read_window

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.window import Window
    from converters.lower.writing import Writing

LOWEST = float(np.finfo(np.float32).min)
_RANKS = (3, 4)
_NEVER_NEGATIVE = frozenset({"Relu", "Sigmoid", "Softmax", "Exp", "Abs", "Sqrt", "HardSigmoid"})
_KEEPS_SIGN = frozenset({"MaxPool", "AveragePool", "Concat", "Identity", "Reshape", "Transpose", "Add"})


def lower_max_pool(w: Writing, node: Node) -> None:
    """MAX_POOL_2D; uneven padding is zero where nothing is negative, else the least number there is."""
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.refuse("the positions of the maxima are used", "export the model without that second output")
    window = _window(w, node)
    if window.dilations != (1, 1):
        raise node.refuse("its window is dilated", "use a MaxPool without dilations")
    fill = 0.0 if _never_negative(w, node.inputs[0]) else LOWEST
    give_picture(w, node, _pool(w, "MAX_POOL_2D", window, window.padded(w, picture(w, node.inputs[0]), fill)))


def lower_average_pool(w: Writing, node: Node) -> None:
    """AVERAGE_POOL_2D; where its divisor differs from ONNX's, a constant factor per position makes up for it."""
    window = _window(w, node)
    if window.dilations != (1, 1):
        raise node.refuse("its window is dilated", "use an AveragePool without dilations")
    counts_pads = bool(node.attributes.get("count_include_pad", 0))
    if window.padding == "SAME" and counts_pads:
        window = replace(window, padding="VALID")
    result = _pool(w, "AVERAGE_POOL_2D", window, window.padded(w, picture(w, node.inputs[0])))
    if window.padding == "VALID":
        area = window.kernel[0] * window.kernel[1]
        counted = np.outer(_counts(window, 0, pads=counts_pads), _counts(window, 1, pads=counts_pads))
        if (counted != area).any():
            result = binary(w, "MUL", result, w.add_constant((area / counted).astype(np.float32)[:, :, np.newaxis]))
    give_picture(w, node, result)


def lower_global(kind: str) -> Any:
    """The mean or maximum of each channel's whole plane."""

    def lower(w: Writing, node: Node) -> None:
        shape = w.shape(node.inputs[0])
        if len(shape) not in _RANKS:
            raise node.refuse(f"it works on {len(shape) - 2} spatial dimensions", "use one or two dimensions")
        layout = channel_last(len(shape))
        x = w.read(node.inputs[0], layout)
        result = (shape[0], *(1 for _ in shape[2:]), shape[1])
        axes = w.add_integers(range(1, len(shape) - 1))
        w.give(node.outputs[0], w.emit(kind, [x, axes], result, keep_dims=True), layout)

    return lower


def _window(w: Writing, node: Node) -> Window:
    shape = w.shape(node.inputs[0])
    if len(shape) not in _RANKS:
        raise node.refuse(f"it works on {len(shape) - 2} spatial dimensions", "use one or two dimensions")
    kernel = tuple(int(size) for size in node.attributes["kernel_shape"])
    return read_window(node, shape, w.shape(node.outputs[0]), kernel)


def _pool(w: Writing, kind: str, window: Window, x: str) -> str:
    batch, channels = w.shape_of(x)[0], w.shape_of(x)[3]
    return w.emit(
        kind,
        [x],
        (batch, *window.result, channels),
        padding=window.padding,
        stride_h=window.strides[0],
        stride_w=window.strides[1],
        filter_height=window.kernel[0],
        filter_width=window.kernel[1],
        fused_activation_function="NONE",
    )


def _counts(window: Window, axis: int, *, pads: bool) -> npt.NDArray[np.int64]:
    """How many elements ONNX divides by, along one axis, for each output."""
    first = np.arange(window.result[axis]) * window.strides[axis] - window.begins[axis]
    low = -window.begins[axis] if pads else 0
    high = window.given[axis] + (window.declared_ends[axis] if pads else 0)
    counted: npt.NDArray[np.int64] = np.minimum(first + window.kernel[axis], high) - np.maximum(first, low)
    return counted


def _never_negative(w: Writing, name: str) -> bool:
    """Whether the operators before say that no element of a value can be below zero."""
    waiting, seen = [name], set()
    while waiting:
        value = waiting.pop()
        constant, node = w.constant(value), w.source.producer(value)
        if constant is not None and not (constant < 0).any():
            continue
        if node is None or not (node.kind in _KEEPS_SIGN | _NEVER_NEGATIVE or _clips_negatives(w, node)):
            return False
        if node.kind in _KEEPS_SIGN and value not in seen:
            waiting.extend(node.inputs[:1] if node.kind == "Reshape" else [held for held in node.inputs if held])
        seen.add(value)
    return True


def _clips_negatives(w: Writing, node: Node) -> bool:
    if node.kind != "Clip":
        return False
    low = w.constant(node.input(1))
    return float(node.attributes.get("min", -1.0) if low is None else low.reshape(-1)[0]) >= 0
