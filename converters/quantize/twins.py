"""A product of one transposed value with itself, which XNNPACK gets wrong.

LiteRT 2.3.0 under XNNPACK computes AᵀA instead of AA for a BATCH_MATMUL whose two inputs are one TRANSPOSE's output
(measured: 1×4×4×3 turned by 0, 3, 1, 2). Between the value and one of the inputs goes a RESHAPE that changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Operator, Tensor

if TYPE_CHECKING:
    from converters.graph import Graph


def part_twins(graph: Graph) -> bool:
    """Give every product of a TRANSPOSE's output with itself two inputs of different names, in place."""
    turned = {operator.outputs[0] for operator in graph.operators if operator.kind == "TRANSPOSE"}
    operators: list[Operator] = []
    for operator in graph.operators:
        is_twin = operator.kind == "BATCH_MATMUL" and operator.inputs[0] == operator.inputs[1]
        if is_twin and operator.inputs[0] in turned:
            copy = _copied(graph, str(operator.inputs[0]), operator.outputs[0])
            operators += [copy, replace(operator, inputs=[operator.inputs[0], copy.outputs[0]])]
        else:
            operators.append(operator)
    changed = len(operators) > len(graph.operators)
    graph.operators = operators
    return changed


def _copied(graph: Graph, name: str, reader: str) -> Operator:
    """A RESHAPE of a value to its own shape, its tensors added to the graph."""
    value, copy = graph.tensors[name], f"{reader}/twin"
    size = Tensor(f"{copy}/size", (len(value.shape),), np.dtype("i4"), np.array(value.shape, np.int32))
    graph.tensors |= {size.name: size, copy: replace(value, name=copy)}
    return Operator("RESHAPE", [name, size.name], [copy], {"new_shape": value.shape})
