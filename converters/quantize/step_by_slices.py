"""Every second (third, ...) row or column as a slice of blocks.

XNNPACK has no STRIDED_SLICE that skips, and the portable kernel copies value by value. Of a picture of 28 x 28 x 64
between two convolutions every second row and column took 70 microseconds in int8, and 13 as RESHAPE to blocks of two
rows and SLICE of the first of each (x86, one thread, LiteRT 2.3; in tflite-runtime 2.14 both take the same).
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Operator, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph import Graph

_FLOAT = np.dtype("f4")
_SHAPE_MASKS = ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def step_by_slices(graph: Graph) -> bool:
    """Exchange each float STRIDED_SLICE that skips forwards in blocks that its input holds; whether there was one."""
    operators: list[Operator] = []
    for operator in graph.operators:
        ranges = _ranges(graph, operator)
        operators += [operator] if ranges is None else _Writing(graph, operator).write(ranges)
    changed = len(operators) > len(graph.operators)
    graph.operators = operators
    return changed


def _ranges(graph: Graph, operator: Operator) -> list[range] | None:
    """What is taken of each axis; None where the operator stays."""
    if operator.kind != "STRIDED_SLICE" or graph.tensors[operator.outputs[0]].dtype != _FLOAT:
        return None
    shape = graph.tensors[str(operator.inputs[0])].shape
    stored = [graph.tensors[str(name)].data for name in operator.inputs[1:]]
    if any(operator.options.get(mask, 0) for mask in _SHAPE_MASKS) or operator.options.get("offset", False):
        return None
    if any(values is None or values.size != len(shape) for values in stored):
        return None
    begins, ends, steps = ([int(value) for value in np.asarray(values)] for values in stored)
    first, last = (operator.options.get(mask, 0) for mask in ("begin_mask", "end_mask"))
    ranges = []
    for axis, size in enumerate(shape):
        begin = None if first >> axis & 1 else begins[axis]
        end = None if last >> axis & 1 else ends[axis]
        ranges.append(range(*slice(begin, end, steps[axis]).indices(size)))
    skips = any(taken.step > 1 and len(taken) > 1 for taken in ranges)
    fits = all(taken.step > 0 and taken and _blocks(taken, size) for taken, size in zip(ranges, shape, strict=True))
    return ranges if skips and fits else None


def _blocks(taken: range, size: int) -> tuple[int, int] | None:
    """Where blocks of `step` begin, and the place of what is taken in each; None where they would reach beyond."""
    place = max(0, taken.start + len(taken) * taken.step - size)
    return (taken.start - place, place) if place <= min(taken.start, taken.step - 1) else None


class _Writing:
    """The operators that take a STRIDED_SLICE's place."""

    def __init__(self, graph: Graph, operator: Operator) -> None:
        self._graph, self._operator = graph, operator
        self._operators: list[Operator] = []
        self._value = str(operator.inputs[0])

    def write(self, ranges: Sequence[range]) -> list[Operator]:
        shape = list(self._shape())
        blocks = [_blocks(taken, size) or (0, 0) for taken, size in zip(ranges, shape, strict=True)]
        covered = [len(taken) * taken.step for taken in ranges]
        if covered != shape:
            self._slice([begin for begin, _ in blocks], covered)
        shape = covered
        for axis, taken in enumerate(ranges):
            if taken.step > 1:
                shape = [*shape[:axis], len(taken), *shape[axis + 1 :]]
                before, behind = prod(shape[: axis + 1]), prod(shape[axis + 1 :])
                self._reshape((before, taken.step, behind))
                self._slice([0, blocks[axis][1], 0], [before, 1, behind])
        self._reshape(tuple(shape), self._operator.outputs[0])
        return self._operators

    def _shape(self) -> tuple[int, ...]:
        return self._graph.tensors[self._value].shape

    def _slice(self, begins: Sequence[int], shape: Sequence[int]) -> None:
        inputs = [self._value, self._integers(begins), self._integers(shape)]
        self._add(Operator("SLICE", list(inputs), [self._name("slice")]), tuple(shape))

    def _reshape(self, shape: tuple[int, ...], name: str | None = None) -> None:
        result = name or self._name("blocks")
        self._add(Operator("RESHAPE", [self._value, self._integers(shape)], [result], {"new_shape": shape}), shape)

    def _add(self, operator: Operator, shape: tuple[int, ...]) -> None:
        self._value = operator.outputs[0]
        self._graph.tensors[self._value] = Tensor(self._value, shape, _FLOAT)
        self._operators.append(operator)

    def _integers(self, values: Sequence[int]) -> str:
        stored = np.asarray(values, np.int32)
        name = self._name("integers")
        self._graph.tensors[name] = Tensor(name, stored.shape, stored.dtype, stored)
        return name

    def _name(self, what: str) -> str:
        return f"{self._operator.outputs[0]}/{what}.{len(self._graph.tensors)}"
