"""What is chosen by its value: the largest entries, and lookups at positions that the network computes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from converters.lower.elementwise import binary, scalar
from converters.lower.layout import plain, with_last
from converters.lower.shape import gather

if TYPE_CHECKING:
    from converters.lower.node import Node
    from converters.lower.writing import Writing

_POSITIONS = np.dtype("i4")


def lower_top_k(w: Writing, node: Node) -> None:
    """TOPK_V2 along the last axis; of the smallest, the largest of the opposite values."""
    stored = w.constant(node.input(1))
    if node.input(1) and stored is None:
        raise node.refuse("how many it takes is computed", "export it with a constant number")
    count = int(node.attributes["k"] if stored is None else stored.item())
    layout = with_last(w.layout(node.inputs[0]), int(node.attributes.get("axis", -1)) % len(w.shape(node.inputs[0])))
    x = w.read(node.inputs[0], layout)
    is_largest = bool(node.attributes.get("largest", 1))
    given = x if is_largest else binary(w, "MUL", x, scalar(w, -1))
    shape = (*w.shape_of(x)[:-1], count)
    number = w.add_constant(np.asarray(count, _POSITIONS))
    values, positions = w.emit_many("TOPK_V2", [given, number], [shape, shape])
    w.graph.tensors[positions] = replace(w.graph.tensors[positions], dtype=_POSITIONS)
    w.give(node.outputs[0], values if is_largest else binary(w, "MUL", values, scalar(w, -1)), layout)
    if len(node.outputs) > 1 and node.outputs[1]:
        w.give(node.outputs[1], positions, layout)


def lower_lookup(w: Writing, node: Node) -> None:
    """Gather at computed positions: GATHER."""
    axis = int(node.attributes.get("axis", 0)) % len(w.shape(node.inputs[0]))
    x, positions = w.read(node.inputs[0]), _positions(w, node)
    result = w.shape(node.outputs[0])
    w.give(node.outputs[0], w.emit("GATHER", [x, positions], result, axis=axis, batch_dims=0), plain(len(result)))


def lower_gather_nd(w: Writing, node: Node) -> None:
    """GATHER_ND; at constant positions a GATHER from the axes that they count, taken together."""
    if int(node.attributes.get("batch_dims", 0)):
        raise node.refuse("its first axes are a batch", "use a Gather, or batch_dims = 0")
    shape, result = w.shape(node.inputs[0]), w.shape(node.outputs[0])
    stored = w.constant(node.inputs[1])
    x = w.read(node.inputs[0])
    if stored is None:
        taken = w.emit("GATHER_ND", [x, _positions(w, node)], result)
    else:
        counted = shape[: stored.shape[-1]]
        places = np.where(stored < 0, stored + np.asarray(counted), stored)
        flat = np.ravel_multi_index(tuple(np.moveaxis(places, -1, 0)), counted).reshape(-1)
        joined = w.reshape(x, (int(np.prod(counted)), *shape[len(counted) :]))
        taken = w.reshape(gather(w, joined, flat, 0), result)
    w.give(node.outputs[0], taken, plain(len(result)))


def _positions(w: Writing, node: Node) -> str:
    """The tensor of whole numbers that the node looks up at."""
    if node.inputs[1] not in w.held or w.graph.tensors[w.read(node.inputs[1])].dtype != _POSITIONS:
        raise node.refuse("its positions come from no TopK", "export it with constant positions, or look up outside")
    return w.read(node.inputs[1])
