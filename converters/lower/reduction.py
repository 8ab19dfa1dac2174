"""Sums, means and extremes along axes, and the norms made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converters.lower.elementwise import binary, unary
from converters.lower.layout import physical, without

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from converters.lower.node import Node
    from converters.lower.writing import Writing

    Step = Callable[[Writing, str], str]


def reduced(w: Writing, kind: str, tensor: str, axes: Sequence[int]) -> str:
    """A reduction along physical axes, which stay with size 1."""
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(w.shape_of(tensor)))
    return w.emit(kind, [tensor, w.add_integers(sorted(axes))], shape, keep_dims=True)


def square(w: Writing, x: str) -> str:
    """x²."""
    return binary(w, "MUL", x, x)


def root(w: Writing, x: str) -> str:
    """√x."""
    return unary(w, "SQRT", x)


def magnitude(w: Writing, x: str) -> str:
    """|x|."""
    return unary(w, "ABS", x)


def logarithm(w: Writing, x: str) -> str:
    """Ln x."""
    return unary(w, "LOG", x)


def lower_reduction(
    kind: str, before: Step | None = None, after: Step | None = None
) -> Callable[[Writing, Node], None]:
    """A reduction, with a step on each element before and on each result after."""

    def lower(w: Writing, node: Node) -> None:
        rank, layout = len(w.shape(node.inputs[0])), w.layout(node.inputs[0])
        axes = _axes(w, node, rank)
        x = w.read(node.inputs[0], layout)
        x = x if before is None else before(w, x)
        x = reduced(w, kind, x, [layout.index(axis) for axis in axes]) if axes else x
        x = x if after is None else after(w, x)
        if not node.attributes.get("keepdims", 1):
            layout = without(layout, axes)
        w.give(node.outputs[0], w.reshape(x, physical(w.shape(node.outputs[0]), layout)), layout)

    return lower


def _axes(w: Writing, node: Node, rank: int) -> list[int]:
    stored = w.constant(node.input(1))
    if node.input(1) and stored is None:
        raise node.refuse("its axes are computed", "export it with constant axes")
    found = node.attributes.get("axes") if stored is None else stored.reshape(-1)
    if found is None or not len(found):
        return [] if node.attributes.get("noop_with_empty_axes", 0) else list(range(rank))
    return sorted(int(axis) % rank for axis in found)
