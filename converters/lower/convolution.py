"""Conv and ConvTranspose in one or two dimensions, grouped, dilated, padded as they like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.layout import channel_last
from converters.lower.window import Window, read_window

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.writing import Writing

    Array = npt.NDArray[Any]

_RANKS = (3, 4)


def lower_conv(w: Writing, node: Node) -> None:
    """CONV_2D, or DEPTHWISE_CONV_2D where every group reads one channel."""
    weights, bias = _constants(w, node, channels_axis=0)
    shape = w.shape(node.inputs[0])
    groups = int(node.attributes.get("group", 1))
    window = read_window(node, shape, w.shape(node.outputs[0]), weights.shape[2:])
    x = window.padded(w, picture(w, node.inputs[0]))
    options = _options(window)
    if groups == shape[1] and groups > 1:
        kind, stored = "DEPTHWISE_CONV_2D", weights[:, 0].transpose(1, 2, 0)[np.newaxis]
        options["depth_multiplier"] = weights.shape[0] // groups
    else:
        kind, stored = "CONV_2D", weights.transpose(0, 2, 3, 1)
    result_shape = (shape[0], *window.result, weights.shape[0])
    result = w.emit(kind, [x, w.add_constant(stored), w.add_constant(bias)], result_shape, **options)
    give_picture(w, node, result)


def _constants(w: Writing, node: Node, channels_axis: int) -> tuple[Array, Array]:
    """Weights with two spatial axes, and a bias for every output channel."""
    weights = w.constant(node.inputs[1])
    rank = len(w.shape(node.inputs[0]))
    if weights is None or (node.input(2) and w.constant(node.inputs[2]) is None):
        raise node.refuse("its weights or bias are computed", "export it with constant weights")
    if rank not in _RANKS:
        raise node.refuse(f"it works on {rank - 2} spatial dimensions", "use convolutions of one or two dimensions")
    if rank == _RANKS[0]:
        weights = weights[:, :, np.newaxis]
    channels = weights.shape[channels_axis] * (int(node.attributes.get("group", 1)) if channels_axis else 1)
    bias = w.constant(node.input(2))
    return weights, np.zeros(channels, np.float32) if bias is None else bias


def picture(w: Writing, name: str) -> str:
    """A value of rank 3 or 4 as N×H×W×C; a sequence is a picture of height 1."""
    shape = w.shape(name)
    tensor = w.read(name, channel_last(len(shape)))
    return tensor if len(shape) == _RANKS[1] else w.reshape(tensor, (shape[0], 1, shape[2], shape[1]))


def give_picture(w: Writing, node: Node, tensor: str) -> None:
    """Give an N×H×W×C tensor as the node's output of rank 3 or 4."""
    shape = w.shape(node.outputs[0])
    layout = channel_last(len(shape))
    w.give(node.outputs[0], w.reshape(tensor, tuple(shape[axis] for axis in layout)), layout)


def _options(window: Window) -> dict[str, Any]:
    return {
        "padding": window.padding,
        "stride_h": window.strides[0],
        "stride_w": window.strides[1],
        "dilation_h_factor": window.dilations[0],
        "dilation_w_factor": window.dilations[1],
        "fused_activation_function": "NONE",
    }


def lower_conv_transpose(w: Writing, node: Node) -> None:
    """TRANSPOSE_CONV without padding, cropped; or with TFLite's SAME where the crop is its own."""
    weights, bias = _constants(w, node, channels_axis=1)
    weights = _dense(weights, int(node.attributes.get("group", 1)))
    rank = len(w.shape(node.inputs[0]))
    weights = _spread(weights, two_dimensional(node, "dilations", rank, 1))
    strides = two_dimensional(node, "strides", rank, 1)
    given, result = (spatial(w.shape(name)) for name in (node.inputs[0], node.outputs[0]))
    begins = _crop_begins(node, rank, given, result, strides, weights.shape[2:])
    full = [
        (size - 1) * stride + kernel for size, stride, kernel in zip(given, strides, weights.shape[2:], strict=True)
    ]
    # Where output padding reaches beyond the last tap, taps of zero extend the kernel.
    extra = [max(begin + size - whole, 0) for begin, size, whole in zip(begins, result, full, strict=True)]
    weights = np.pad(weights, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])))
    full = [whole + more for whole, more in zip(full, extra, strict=True)]
    surplus = [whole - size for whole, size in zip(full, result, strict=True)]
    same = all(begin == cut // 2 for begin, cut in zip(begins, surplus, strict=True)) and all(
        -(-size // stride) == taken for size, stride, taken in zip(result, strides, given, strict=True)
    )
    inner = tuple(result if same else full)
    shape = (w.shape(node.inputs[0])[0], *inner, weights.shape[1])
    tensors = [w.add_integers(shape), w.add_constant(weights.transpose(1, 2, 3, 0)), picture(w, node.inputs[0])]
    options = {"padding": "SAME" if same else "VALID", "stride_h": strides[0], "stride_w": strides[1]}
    done = w.emit(
        "TRANSPOSE_CONV", [*tensors, w.add_constant(bias)], shape, fused_activation_function="NONE", **options
    )
    if inner != tuple(result):
        cut = (shape[0], *result, shape[3])
        done = w.emit("SLICE", [done, w.add_integers((0, *begins, 0)), w.add_integers(cut)], cut)
    give_picture(w, node, done)


def spatial(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width; a sequence has height 1."""
    return (1, shape[2]) if len(shape) == _RANKS[0] else (shape[2], shape[3])


def two_dimensional(node: Node, name: str, rank: int, default: int) -> tuple[int, int]:
    """An attribute with a number per spatial axis, for height and width."""
    found = tuple(int(value) for value in node.attributes.get(name) or (default,) * (rank - 2))
    return (default, found[0]) if rank == _RANKS[0] else (found[0], found[1])


def _crop_begins(
    node: Node,
    rank: int,
    given: tuple[int, int],
    result: tuple[int, int],
    strides: tuple[int, int],
    kernel: tuple[int, ...],
) -> tuple[int, int]:
    """What ONNX cuts off at the top and at the left of the full result."""
    automatic = node.attributes.get("auto_pad", "NOTSET")
    if automatic in {"SAME_UPPER", "SAME_LOWER"} or node.attributes.get("output_shape"):
        extra = two_dimensional(node, "output_padding", rank, 0)
        totals = [
            (size - 1) * stride + taps + more - wanted
            for size, stride, taps, more, wanted in zip(given, strides, kernel, extra, result, strict=True)
        ]
        halves = [max(total, 0) - max(total, 0) // 2 for total in totals]
        if automatic == "SAME_UPPER":
            halves = [max(total, 0) // 2 for total in totals]
        return halves[0], halves[1]
    pads = tuple(int(value) for value in node.attributes.get("pads") or (0,) * 2 * (rank - 2))
    return (0, pads[0]) if rank == _RANKS[0] else (pads[0], pads[1])


def _dense(weights: Array, groups: int) -> Array:
    """Grouped weights as ungrouped ones, zero between the groups: TRANSPOSE_CONV knows no groups."""
    if groups == 1:
        return weights
    inputs, outputs = weights.shape[0] // groups, weights.shape[1]
    dense = np.zeros((weights.shape[0], outputs * groups, *weights.shape[2:]), weights.dtype)
    for group in range(groups):
        rows = slice(group * inputs, (group + 1) * inputs)
        dense[rows, group * outputs : (group + 1) * outputs] = weights[rows]
    return dense


def _spread(weights: Array, dilations: tuple[int, int]) -> Array:
    """Dilated weights as dense ones, zero between the taps."""
    if dilations == (1, 1):
        return weights
    sizes = [(taps - 1) * step + 1 for taps, step in zip(weights.shape[2:], dilations, strict=True)]
    spread = np.zeros((*weights.shape[:2], *sizes), weights.dtype)
    spread[:, :, :: dilations[0], :: dilations[1]] = weights
    return spread
