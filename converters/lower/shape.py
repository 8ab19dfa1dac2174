"""Operators that move elements about without changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.elementwise import binary
from converters.lower.layout import after_transpose, channel_last, physical, plain, reshape_layouts

if TYPE_CHECKING:
    from converters.lower.node import Node
    from converters.lower.writing import Writing

MOST_PADDED_AXES = 4
_PICTURE_RANK = 4


def lower_reshape(w: Writing, node: Node) -> None:
    """Reshape, Flatten, Squeeze and Unsqueeze: ONNX has said the result's shape; only what must move is transposed."""
    before, after = w.shape(node.inputs[0]), w.shape(node.outputs[0])
    source, given = reshape_layouts(before, after, w.layout(node.inputs[0]))
    w.give(node.outputs[0], w.reshape(w.read(node.inputs[0], source), physical(after, given)), given)


def lower_transpose(w: Writing, node: Node) -> None:
    """Nothing moves: the tensor gets another layout tag."""
    rank = len(w.shape(node.inputs[0]))
    permutation = tuple(int(axis) for axis in node.attributes.get("perm") or reversed(range(rank)))
    layout = w.layout(node.inputs[0])
    w.give(node.outputs[0], w.read(node.inputs[0], layout), after_transpose(layout, permutation))


def lower_concat(w: Writing, node: Node) -> None:
    """CONCATENATION in the layout of the first computed input."""
    names = [name for name in node.inputs if 0 not in w.shape(name)]
    layout = next(w.layout(name) for name in names if w.constant(name) is None)
    shape = w.shape(node.outputs[0])
    axis = layout.index(int(node.attributes["axis"]) % len(shape))
    tensors = [w.read(name, layout) for name in names]
    if len(tensors) > 1:
        options = {"axis": axis, "fused_activation_function": "NONE"}
        tensors = [w.emit("CONCATENATION", tensors, physical(shape, layout), **options)]
    w.give(node.outputs[0], tensors[0], layout)


def lower_expand(w: Writing, node: Node) -> None:
    """A multiplication by ones: the broadcast that has an int8 form."""
    before, after = w.shape(node.inputs[0]), w.shape(node.outputs[0])
    full = (1,) * (len(after) - len(before)) + before
    x = w.read_as(node.inputs[0], full, plain(len(after)))
    if full != after:
        ones = tuple(size if held == 1 else 1 for size, held in zip(after, full, strict=True))
        x = w.reshape(binary(w, "MUL", x, w.add_constant(np.ones(ones, np.float32))), after)
    w.give(node.outputs[0], x, plain(len(after)))


def lower_tile(w: Writing, node: Node) -> None:
    """TILE."""
    repeats = w.constant(node.inputs[1])
    if repeats is None:
        raise node.refuse("its repeats are computed", "export it with constant repeats")
    layout = w.layout(node.inputs[0])
    counts = w.add_integers([int(repeats[axis]) for axis in layout])
    x = w.read(node.inputs[0], layout)
    w.give(node.outputs[0], w.emit("TILE", [x, counts], physical(w.shape(node.outputs[0]), layout)), layout)


def lower_pad(w: Writing, node: Node) -> None:
    """PAD or PADV2 for a constant, MIRROR_PAD for reflection, a gather for repeated edges."""
    begins, ends = _pads(w, node)
    mode = str(node.attributes.get("mode", "constant"))
    if min((*begins, *ends), default=0) < 0:
        raise node.refuse("it pads by a negative amount", "cut with a Slice instead")
    layout = w.layout(node.inputs[0])
    x = w.read(node.inputs[0], layout)
    if any((*begins, *ends)):
        amounts = np.array([(begins[axis], ends[axis]) for axis in layout])
        x = _padded(w, node, x, amounts, mode)
    w.give(node.outputs[0], x, layout)


def _padded(w: Writing, node: Node, x: str, amounts: Any, mode: str) -> str:
    shape = tuple(int(size + pair.sum()) for size, pair in zip(w.shape_of(x), amounts, strict=True))
    if mode in {"edge", "wrap"}:
        return _gathered(w, x, amounts, mode)
    if len(shape) > MOST_PADDED_AXES:
        raise node.refuse(f"it pads a value of {len(shape)} axes", f"pad before it has more than {MOST_PADDED_AXES}")
    if mode == "reflect":
        return w.emit("MIRROR_PAD", [x, w.add_integers(amounts)], shape, mode="REFLECT")
    fill = _fill(w, node)
    if fill == 0:
        return w.emit("PAD", [x, w.add_integers(amounts)], shape)
    return w.emit("PADV2", [x, w.add_integers(amounts), w.add_constant(np.array([fill], np.float32))], shape)


def _gathered(w: Writing, x: str, amounts: Any, mode: Any) -> str:
    for axis, (begin, end) in enumerate(amounts.tolist()):
        if begin or end:
            positions = np.pad(np.arange(w.shape_of(x)[axis]), (begin, end), mode=mode)
            x = gather(w, x, positions, axis)
    return x


def gather(w: Writing, tensor: str, positions: Any, axis: int) -> str:
    """The given positions along a physical axis, in their order."""
    before = w.shape_of(tensor)
    shape = (*before[:axis], len(positions), *before[axis + 1 :])
    return w.emit("GATHER", [tensor, w.add_integers(positions)], shape, axis=axis, batch_dims=0)


def _pads(w: Writing, node: Node) -> tuple[list[int], list[int]]:
    rank = len(w.shape(node.inputs[0]))
    stored = w.constant(node.input(1))
    if node.input(1) and stored is None:
        raise node.refuse("its pads are computed", "export it with constant pads")
    pads = [int(value) for value in (node.attributes.get("pads", ()) if stored is None else stored.reshape(-1))]
    listed = w.constant(node.input(3))
    axes = list(range(rank)) if listed is None else [int(axis) % rank for axis in listed]
    begins, ends = [0] * rank, [0] * rank
    for place, axis in enumerate(axes):
        begins[axis], ends[axis] = pads[place], pads[place + len(axes)]
    return begins, ends


def _fill(w: Writing, node: Node) -> float:
    if not node.input(2):
        return float(node.attributes.get("value", 0.0))
    constant = w.constant(node.inputs[2])
    if constant is None:
        raise node.refuse("its fill value is computed", "export it with a constant value")
    return float(constant.reshape(-1)[0])


def lower_depth_to_space(w: Writing, node: Node) -> None:
    """DEPTH_TO_SPACE; ONNX's mode CRD orders channels otherwise, which a gather puts right."""
    x = w.read(node.inputs[0], channel_last(_PICTURE_RANK))
    block, channels = int(node.attributes["blocksize"]), w.shape_of(x)[3]
    if node.attributes.get("mode", "DCR") == "CRD":
        order = np.arange(channels).reshape(-1, block * block).T.reshape(-1)
        x = gather(w, x, order, 3)
    _give_blocks(w, node, x, "DEPTH_TO_SPACE", block)


def lower_space_to_depth(w: Writing, node: Node) -> None:
    """SPACE_TO_DEPTH."""
    x = w.read(node.inputs[0], channel_last(_PICTURE_RANK))
    _give_blocks(w, node, x, "SPACE_TO_DEPTH", int(node.attributes["blocksize"]))


def _give_blocks(w: Writing, node: Node, x: str, kind: str, block: int) -> None:
    layout = channel_last(_PICTURE_RANK)
    shape = physical(w.shape(node.outputs[0]), layout)
    w.give(node.outputs[0], w.emit(kind, [x], shape, block_size=block), layout)
