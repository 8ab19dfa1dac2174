"""Shapes that an export computes at each run, though they are fixed: a batch that Keras asks SHAPE for.

They become stored values, and the operators that computed them go: accelerators and microcontrollers want a RESHAPE's
shape stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.graph import Graph
from converters.tflite import write_tflite

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Operator

_COUNTS = (np.dtype("i4"), np.dtype("i8"))
_SHAPED_BY_VALUES = frozenset({"CALL_ONCE", "CUSTOM", "IF", "UNIQUE", "WHERE", "WHILE"})
"""How long their outputs are is known only at each run, or not looked into."""


def fold_shapes(graph: Graph) -> bool:
    """Store what is computed from fixed shapes and constants alone, in place."""
    fixed = {*graph.inputs, *(name for name, tensor in graph.tensors.items() if tensor.data is not None)}
    folded: set[str] = set()
    kept: list[Operator] = []
    for operator in graph.operators:
        given = [name for name in operator.inputs if name is not None]
        values = _values(graph, operator, given, fixed, folded)
        if values is None or set(operator.outputs) & set(graph.outputs):
            kept.append(operator)
        else:
            folded.update(operator.outputs)
            for name, data in zip(operator.outputs, values, strict=True):
                graph.tensors[name] = replace(graph.tensors[name], data=data)
        if _keeps_shapes_fixed(graph, operator, given, fixed):
            fixed.update(operator.outputs)
    graph.operators = kept
    return bool(folded)


def _values(
    graph: Graph, operator: Operator, given: list[str], fixed: set[str], folded: set[str]
) -> list[npt.NDArray[Any]] | None:
    """What an operator gives at every run; None where that is not known."""
    if operator.kind == "SHAPE" and given[0] in fixed:
        return [np.array(graph.tensors[given[0]].shape, graph.tensors[operator.outputs[0]].dtype)]
    counts_alone = all(graph.tensors[name].dtype in _COUNTS for name in (*given, *operator.outputs))
    stored = all(graph.tensors[name].data is not None for name in given)
    if not (counts_alone and stored and folded.intersection(given)):
        return None
    tensors = {name: graph.tensors[name] for name in (*given, *operator.outputs)}
    session = Session(write_tflite(Graph(tensors, [operator], [], operator.outputs)), Kernels.REFERENCE)
    session.run({})
    return session.outputs()


def _keeps_shapes_fixed(graph: Graph, operator: Operator, given: list[str], fixed: set[str]) -> bool:
    """Whether the shapes of the outputs are the same at every run: no count or limit among the inputs is computed."""
    counts = [name for name in given if operator.kind == "RANGE" or graph.tensors[name].dtype in _COUNTS]
    stored = all(graph.tensors[name].data is not None for name in counts)
    return stored and operator.kind not in _SHAPED_BY_VALUES and fixed.issuperset(given)
