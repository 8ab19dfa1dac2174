"""Operators that treat each element alone: arithmetic with broadcasting, roots, powers, limits."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.lower.layout import physical, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from converters.lower.layout import Layout, Shape
    from converters.lower.node import Node
    from converters.lower.writing import Writing

    Lower = Callable[[Writing, Node], None]

MOST_BROADCAST_AXES = 4
"""Dimensions that every broadcasting kernel takes."""

_FUSED = {"fused_activation_function": "NONE"}
_HAS_FUSED = frozenset({"ADD", "SUB", "MUL", "DIV"})


def common_layout(w: Writing, names: Sequence[str], rank: int) -> Layout:
    """The layout of the biggest operand of full rank: it is the one that is dear to transpose."""
    full = [name for name in names if w.constant(name) is None and len(w.shape(name)) == rank]
    return w.layout(max(full, key=lambda name: prod(w.shape(name)))) if full else plain(rank)


def operand(w: Writing, name: str, rank: int, layout: Layout) -> str:
    """A value broadcast to `rank` axes by leading ones, in `layout`; a constant without needless axes."""
    shape = w.shape(name)
    shape = (1,) * (rank - len(shape)) + shape
    constant = w.constant(name)
    if constant is None:
        return w.read_as(name, shape, layout)
    placed = constant.reshape(shape).transpose(layout)
    while placed.ndim > 1 and placed.shape[0] == 1:
        placed = placed[0]
    return w.add_constant(placed.reshape(-1) if placed.ndim == 0 else placed)


def binary(w: Writing, kind: str, left: str, right: str) -> str:
    """An operator of two tensors that broadcast against each other; its output."""
    shapes = [w.shape_of(left), w.shape_of(right)]
    result = tuple(np.broadcast_shapes(*shapes))
    options = _FUSED if kind in _HAS_FUSED else {}
    if len(result) <= MOST_BROADCAST_AXES or shapes[0] == shapes[1]:
        return w.emit(kind, [left, right], result, w.graph.tensors[left].dtype, **options)
    narrow = merged_shapes(shapes)
    sides = [w.reshape(side, shape) for side, shape in zip((left, right), narrow, strict=True)]
    done = w.emit(kind, sides, np.broadcast_shapes(*narrow), w.graph.tensors[left].dtype, **options)
    return w.reshape(done, result)


def merged_shapes(shapes: Sequence[Shape]) -> list[Shape]:
    """The same broadcast with fewer axes: neighbours along which the same operands are spread become one."""
    rank = max(map(len, shapes))
    full = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    result = np.broadcast_shapes(*full)
    runs: list[tuple[tuple[bool, ...], list[int]]] = []
    for axis in (axis for axis in range(rank) if result[axis] != 1):
        spread = tuple(shape[axis] == 1 for shape in full)
        if runs and runs[-1][0] == spread:
            runs[-1][1].append(axis)
        else:
            runs.append((spread, [axis]))
    return [tuple(prod(shape[axis] for axis in axes) for _, axes in runs) or (1,) for shape in full]


def scalar(w: Writing, value: float) -> str:
    """A float32 constant of one element."""
    return w.add_constant(np.array([value], np.float32))


def lower_arithmetic(kind: str) -> Lower:
    """ADD, SUB, MUL, MAXIMUM or MINIMUM over two or more inputs, from left to right."""

    def lower(w: Writing, node: Node) -> None:
        rank = len(w.shape(node.outputs[0]))
        layout = common_layout(w, node.inputs, rank)
        result = operand(w, node.inputs[0], rank, layout)
        for name in node.inputs[1:]:
            result = binary(w, kind, result, operand(w, name, rank, layout))
        give_broadcast(w, node, result, layout)

    return lower


def give_broadcast(w: Writing, node: Node, tensor: str, layout: Layout) -> None:
    """Give the node's output, with leading axes of size 1 that constants may have lost."""
    shape = physical(w.shape(node.outputs[0]), layout)
    w.give(node.outputs[0], w.reshape(tensor, shape), layout)


def lower_division(w: Writing, node: Node) -> None:
    """By a constant: a multiplication, which int8 has."""
    rank = len(w.shape(node.outputs[0]))
    layout = common_layout(w, node.inputs, rank)
    left = operand(w, node.inputs[0], rank, layout)
    divisor = w.constant(node.inputs[1])
    if divisor is None or not np.all(divisor):
        result = binary(w, "DIV", left, operand(w, node.inputs[1], rank, layout))
    else:
        right = operand(w, node.inputs[1], rank, layout)
        inverse = w.add_constant(np.float32(1) / _values(w, right))
        result = binary(w, "MUL", left, inverse)
    give_broadcast(w, node, result, layout)


def _values(w: Writing, tensor: str) -> npt.NDArray[Any]:
    values = w.graph.tensors[tensor].data
    if values is None:
        raise AssertionError(f"{tensor!r} was to be a constant")
    return values


def lower_mean(w: Writing, node: Node) -> None:
    """The mean of several values."""
    rank = len(w.shape(node.outputs[0]))
    layout = common_layout(w, node.inputs, rank)
    total = operand(w, node.inputs[0], rank, layout)
    for name in node.inputs[1:]:
        total = binary(w, "ADD", total, operand(w, name, rank, layout))
    give_broadcast(w, node, binary(w, "MUL", total, scalar(w, 1 / len(node.inputs))), layout)


def unary(w: Writing, kind: str, tensor: str, **options: Any) -> str:
    """An operator of one tensor that keeps its shape; its output."""
    return w.emit(kind, [tensor], w.shape_of(tensor), **options)


def lower_unary(kind: str, **options: Any) -> Lower:
    """One TFLite operator on each element."""
    return lower_composed(lambda w, _node, x: unary(w, kind, x, **options))


def lower_composed(compose: Callable[[Writing, Node, str], str]) -> Lower:
    """Several operators on each element, in whatever layout the input is."""

    def lower(w: Writing, node: Node) -> None:
        layout = w.layout(node.inputs[0])
        w.give(node.outputs[0], compose(w, node, w.read(node.inputs[0], layout)), layout)

    return lower


def lower_identity(w: Writing, node: Node) -> None:
    """Nothing to compute: the same tensor under another name."""
    layout = w.layout(node.inputs[0])
    w.give(node.outputs[0], w.read(node.inputs[0], layout), layout)


def lower_cast(w: Writing, node: Node) -> None:
    """From float to float; the form holds float32 alone."""
    kinds = {w.source.values[name].dtype.kind for name in (node.inputs[0], node.outputs[0])}
    if kinds != {"f"}:
        raise node.refuse("only a cast between floats is lowered", "keep integers and booleans out of the network")
    lower_identity(w, node)


def lower_power(w: Writing, node: Node) -> None:
    """Squares and roots by their own operators, other constant exponents by POW."""
    exponent = w.constant(node.inputs[1])
    if exponent is None or exponent.size != 1 or len(w.shape(node.outputs[0])) != len(w.shape(node.inputs[0])):
        raise node.refuse("the exponent is not one constant number", "export it with a fixed exponent")
    layout = w.layout(node.inputs[0])
    x = w.read(node.inputs[0], layout)
    w.give(node.outputs[0], _power(w, x, float(exponent.reshape(-1)[0])), layout)


def _power(w: Writing, x: str, exponent: float) -> str:
    roots = {0.5: "SQRT", -0.5: "RSQRT"}
    if exponent in roots:
        return unary(w, roots[exponent], x)
    if exponent == -1:
        return binary(w, "DIV", scalar(w, 1), x)
    if exponent in {1, 2, 3, 4}:
        result = x
        for _ in range(int(exponent) - 1):
            result = binary(w, "MUL", result, x)
        return result
    return binary(w, "POW", x, scalar(w, exponent))


def negative(w: Writing, _node: Node, x: str) -> str:
    """A multiplication: NEG has no sound int8 form."""
    return binary(w, "MUL", x, scalar(w, -1))


def reciprocal(w: Writing, _node: Node, x: str) -> str:
    """1 / x."""
    return binary(w, "DIV", scalar(w, 1), x)
