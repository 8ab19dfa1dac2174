"""Gemm and MatMul: a fully connected layer where one side is constant, else a batched product."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.elementwise import binary, operand, scalar
from converters.lower.layout import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.writing import Writing

    Array = npt.NDArray[Any]

MOST_BATCHED_AXES = 4
_FLATTENING = frozenset({"Reshape", "Flatten"})


def lower_gemm(w: Writing, node: Node) -> None:
    """FULLY_CONNECTED with alpha, beta and the transpositions folded into the constants."""
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    weights = w.constant(node.inputs[1])
    rows, columns = w.shape(node.outputs[0])
    bias = w.constant(node.input(2))
    if weights is None or node.attributes.get("transA", 0):
        result = _gemm_of_activations(w, node, alpha)
    else:
        stored = np.asarray(weights if node.attributes.get("transB", 0) else weights.T, np.float32) * np.float32(alpha)
        fits = bias is not None and bias.size in {1, columns} and bias.shape in {(), (1,), (columns,), (1, columns)}
        folded = np.broadcast_to(bias.reshape(-1), columns) * np.float32(beta) if fits and bias is not None else None
        x, stored = _flattened_input(w, node.inputs[0], stored)
        result = fully_connected(w, x, stored, folded)
        if fits:
            w.give(node.outputs[0], result, (0, 1))
            return
    if node.input(2):
        addend = operand(w, node.inputs[2], 2, (0, 1))
        result = binary(w, "ADD", result, addend if beta == 1 else binary(w, "MUL", addend, scalar(w, beta)))
    w.give(node.outputs[0], w.reshape(result, (rows, columns)), (0, 1))


def _gemm_of_activations(w: Writing, node: Node, alpha: float) -> str:
    left, right = (w.read(name) for name in node.inputs[:2])
    if node.attributes.get("transA", 0):
        left = _transposed(w, left)
    if node.attributes.get("transB", 0):
        right = _transposed(w, right)
    shape = (w.shape_of(left)[0], w.shape_of(right)[1])
    result = w.emit("BATCH_MATMUL", [left, right], shape, adj_x=False, adj_y=False)
    return result if alpha == 1 else binary(w, "MUL", result, scalar(w, alpha))


def _transposed(w: Writing, tensor: str) -> str:
    values = w.graph.tensors[tensor].data
    return w.transpose(tensor, (1, 0)) if values is None else w.add_constant(values.T)


def fully_connected(w: Writing, x: str, weights: Array, bias: Array | None = None) -> str:
    """Along the last axis of `x`; weights: outputs × inputs, float32; bias: one per output, zero where absent."""
    before = w.shape_of(x)
    stored = np.zeros(weights.shape[0], np.float32) if bias is None else bias
    return w.emit(
        "FULLY_CONNECTED",
        [x, w.add_constant(weights), w.add_constant(stored)],
        (*before[:-1], weights.shape[0]),
        fused_activation_function="NONE",
        weights_format="DEFAULT",
        keep_num_dims=len(before) > 2,  # noqa: PLR2004 - a matrix is kept anyway
    )


def _flattened_input(w: Writing, name: str, weights: Array) -> tuple[str, Array]:
    """The input of a layer behind a flatten, in the order in which it lies there, and the weights in that order."""
    node = w.source.producer(name)
    if node is None or node.kind not in _FLATTENING or w.constant(node.inputs[0]) is not None:
        return w.read(name), weights
    shape, layout = w.shape(node.inputs[0]), w.layout(node.inputs[0])
    rows, columns = w.shape(name)
    if prod(shape[1:]) != columns or shape[:1] != (rows,) or layout[:1] != (0,):
        return w.read(name), weights
    order = tuple(axis - 1 for axis in layout[1:])
    moved = weights.reshape(-1, *shape[1:]).transpose(0, *(axis + 1 for axis in order)).reshape(weights.shape)
    return w.reshape(w.read(node.inputs[0], layout), (rows, columns)), moved


def lower_matmul(w: Writing, node: Node) -> None:
    """Like numpy's matmul."""
    right = w.constant(node.inputs[1])
    left_shape, right_shape = w.shape(node.inputs[0]), w.shape(node.inputs[1])
    result_shape = w.shape(node.outputs[0])
    if right is not None and prod(right_shape[:-2]) == 1 and len(right_shape) > 1 and len(left_shape) > 1:
        weights = np.ascontiguousarray(right.reshape(right_shape[-2:]).T)
        is_matrix = len(left_shape) == 2  # noqa: PLR2004
        x, weights = _flattened_input(w, node.inputs[0], weights) if is_matrix else (w.read(node.inputs[0]), weights)
        result = fully_connected(w, x, weights)
    else:
        result = _batched(w, node, left_shape, right_shape)
    w.give(node.outputs[0], w.reshape(result, result_shape), plain(len(result_shape)))


def _batched(w: Writing, node: Node, left_shape: tuple[int, ...], right_shape: tuple[int, ...]) -> str:
    left_shape = left_shape if len(left_shape) > 1 else (1, *left_shape)
    right_shape = right_shape if len(right_shape) > 1 else (*right_shape, 1)
    batch = np.broadcast_shapes(left_shape[:-2], right_shape[:-2])
    shapes = _merged((left_shape, right_shape), batch)
    if max(map(len, shapes)) > MOST_BATCHED_AXES:
        raise node.refuse(f"its batch {batch} has too many axes", f"use at most {MOST_BATCHED_AXES} axes")
    sides = [w.read_as(name, shape, plain(len(shape))) for name, shape in zip(node.inputs[:2], shapes, strict=True)]
    result = (*np.broadcast_shapes(*(shape[:-2] for shape in shapes)), left_shape[-2], right_shape[-1])
    return w.emit("BATCH_MATMUL", sides, result, adj_x=False, adj_y=False)


def _merged(shapes: Sequence[tuple[int, ...]], batch: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Both sides with one batch axis, if each has the whole batch or none of it."""
    owns = [(1,) * (len(batch) - len(shape) + 2) + shape[:-2] for shape in shapes]
    if all(own == batch or prod(own) == 1 for own in owns):
        return [(prod(own), *shape[-2:]) for own, shape in zip(owns, shapes, strict=True)]
    return [(*own, *shape[-2:]) for own, shape in zip(owns, shapes, strict=True)]
