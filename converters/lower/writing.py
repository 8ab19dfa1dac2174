"""The TFLite graph while it grows: values of ONNX, the tensors that hold them, and the layouts in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Graph, Operator, Tensor
from converters.lower.layout import (
    Layout,
    Shape,
    collapsed,
    moves_nothing,
    physical,
    plain,
    reshape_layouts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.lower.node import Node
    from converters.lower.source import Source

    Array = npt.NDArray[Any]

FLOAT = np.dtype("f4")
_WIDE_FLOATS = (np.dtype("f8"), np.dtype("f2"))
_PLAIN_TRANSPOSE_RANK = 4


@dataclass(slots=True)
class Writing:
    """What a rule works with: it reads values, emits operators, and gives each output of its node.

    held: per ONNX value, the tensors that hold it by layout; the first is the one that was computed.
    """

    source: Source
    graph: Graph = field(default_factory=lambda: Graph({}, [], [], []))
    held: dict[str, dict[Layout, str]] = field(default_factory=dict)
    node: Node | None = None
    _producers: dict[str, Operator] = field(default_factory=dict)
    _serial: int = 0

    def shape(self, name: str) -> Shape:
        """The shape of an ONNX value, in ONNX's order."""
        return tuple(int(size) for size in self.source.values[name].shape)

    def constant(self, name: str) -> Array | None:
        """The value, if it does not depend on the input; None otherwise and for an absent input."""
        return self.source.constants.get(name) if name else None

    def layout(self, name: str) -> Layout:
        """The layout in which a value was computed; ONNX's own for a constant."""
        return next(iter(self.held[name])) if name in self.held else plain(len(self.shape(name)))

    def give(self, name: str, tensor: str, layout: Layout) -> None:
        """Say that `tensor` holds the ONNX value `name` in `layout`."""
        self.held.setdefault(name, {})[layout] = tensor

    def rename(self, tensor: str, name: str) -> None:
        """Say that a tensor has another name from now on; several values may be held in it."""
        for held in self.held.values():
            held.update({layout: name for layout, known in held.items() if known == tensor})

    def read(self, name: str, layout: Layout | None = None) -> str:
        """The tensor that holds a value in `layout` (ONNX's own by default), transposed on demand."""
        return self.read_as(name, self.shape(name), plain(len(self.shape(name))) if layout is None else layout)

    def read_as(self, name: str, shape: Sequence[int], layout: Layout) -> str:
        """The tensor that holds a value, reshaped to `shape` in ONNX's order, in `layout`."""
        constant = self.constant(name)
        if constant is not None:
            return self.add_constant(constant.reshape(shape).transpose(layout))
        if tuple(shape) != self.shape(name):
            source, given = reshape_layouts(self.shape(name), shape, self.layout(name))
            tensor = self.reshape(self.read(name, source), physical(shape, given))
            return self.transpose(tensor, _permutation(given, layout))
        known = self.held[name]
        if layout not in known:
            first = self.layout(name)
            known[layout] = self.transpose(known[first], _permutation(first, layout))
        return known[layout]

    def add_constant(self, values: Array, dtype: np.dtype[Any] | None = None) -> str:
        """A constant tensor; wider and narrower floats become float32."""
        wanted = dtype or (FLOAT if values.dtype in _WIDE_FLOATS else values.dtype)
        stored = np.ascontiguousarray(values.astype(wanted)).reshape(values.shape)
        name = self._fresh("const")
        self.graph.tensors[name] = Tensor(name, stored.shape, stored.dtype, stored)
        return name

    def add_integers(self, values: int | Sequence[int] | Array) -> str:
        """An int32 constant: axes, sizes, indices."""
        return self.add_constant(np.asarray(values), np.dtype("i4"))

    def emit(
        self, kind: str, inputs: Sequence[str | None], shape: Sequence[int], dtype: Any = FLOAT, **options: Any
    ) -> str:
        """Add an operator with one output of `shape`; the output's name."""
        return self.emit_many(kind, inputs, [shape], dtype, **options)[0]

    def emit_many(
        self,
        kind: str,
        inputs: Sequence[str | None],
        shapes: Sequence[Sequence[int]],
        dtype: Any = FLOAT,
        **options: Any,
    ) -> list[str]:
        """Add an operator; its outputs' names."""
        names = [self._fresh(kind.lower()) for _ in shapes]
        for name, shape in zip(names, shapes, strict=True):
            self.graph.tensors[name] = Tensor(name, tuple(int(size) for size in shape), np.dtype(dtype))
        operator = Operator(kind, list(inputs), names, options)
        self.graph.operators.append(operator)
        self._producers.update(dict.fromkeys(names, operator))
        return names

    def shape_of(self, tensor: str) -> Shape:
        """The shape of a tensor of the new graph."""
        return self.graph.tensors[tensor].shape

    def reshape(self, tensor: str, shape: Sequence[int]) -> str:
        """The tensor's bytes in another shape; a reshape of a reshape is one."""
        producer = self._producers.get(tensor)
        if self.shape_of(tensor) == tuple(shape):
            return tensor
        if producer is not None and producer.kind == "RESHAPE":
            return self.reshape(str(producer.inputs[0]), shape)
        size = self.add_integers(shape)
        dtype = self.graph.tensors[tensor].dtype
        return self.emit("RESHAPE", [tensor, size], shape, dtype, new_shape=tuple(shape))

    def transpose(self, tensor: str, permutation: Sequence[int]) -> str:
        """The tensor with its axes in another order; only a reshape where no byte moves."""
        before = self.shape_of(tensor)
        after = physical(before, tuple(permutation))
        if moves_nothing(before, permutation):
            return self.reshape(tensor, after)
        dtype = self.graph.tensors[tensor].dtype
        if len(before) <= _PLAIN_TRANSPOSE_RANK:
            return self.emit("TRANSPOSE", [tensor, self.add_integers(permutation)], after, dtype)
        sizes, order = collapsed(before, permutation)
        moved = self.emit(
            "TRANSPOSE", [self.reshape(tensor, sizes), self.add_integers(order)], physical(sizes, order), dtype
        )
        return self.reshape(moved, after)

    def _fresh(self, what: str) -> str:
        self._serial += 1
        stem = self.node.outputs[0] if self.node is not None else "graph"
        return f"{stem}/{what}.{self._serial}"


def _permutation(held: Layout, wanted: Layout) -> tuple[int, ...]:
    """How to transpose a tensor in layout `held` into layout `wanted`."""
    return tuple(held.index(axis) for axis in wanted)
