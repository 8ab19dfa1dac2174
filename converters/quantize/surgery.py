"""Small changes to a float graph, in place, that several passes make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Tensor

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Operator


def add_constant(graph: Graph, stem: str, values: npt.NDArray[Any]) -> str:
    """Add a float32 constant under a name that begins with `stem` and is new; that name."""
    name = stem
    while name in graph.tensors:
        name += "_"
    stored = np.ascontiguousarray(values, np.float32)
    graph.tensors[name] = Tensor(name, stored.shape, stored.dtype, stored)
    return name


def exchange(graph: Graph, old: Operator, new: Operator) -> None:
    """Put one operator in another's place."""
    graph.operators = [new if operator is old else operator for operator in graph.operators]


def bypass(graph: Graph, operator: Operator, source: str) -> None:
    """Take an operator out; whoever read its output reads `source` instead."""
    result = operator.outputs[0]
    graph.operators = [
        replace(reader, inputs=[source if name == result else name for name in reader.inputs])
        if result in reader.inputs
        else reader
        for reader in graph.operators
        if reader is not operator
    ]
