"""A weight for every layer: where two layers read one constant, each gets a copy of its own before it is quantised.

ONNX Runtime 1.32 cannot make one int8 weight unsigned twice: docs/decisions/234-int8-sums-are-exact.md. A Gemm that
reads the weight of a MatMul transposed has other channels, too.
"""

from __future__ import annotations

from typing import Any

_WEIGHING = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_FACTORS = 2
"""The first inputs of such an operator, which it multiplies; a bias is added."""


def part_shared_weights(onnx: Any, model: Any) -> None:
    """Give each layer a weight of its own.

    Args:
        onnx: the package.
        model: an onnx.ModelProto whose nodes have names of their own; it is changed.
    """
    graph = model.graph
    constants = {initializer.name: initializer for initializer in graph.initializer}
    taken = {*constants, *(name for node in graph.node for name in (*node.input, *node.output))}
    read: set[str] = set()
    for node in graph.node:
        for place, name in enumerate(node.input[:_FACTORS] if node.op_type in _WEIGHING else ()):
            if name in read:
                node.input[place] = _copied(onnx, graph, constants[name], taken)
            elif name in constants:
                read.add(name)


def _copied(onnx: Any, graph: Any, weight: Any, taken: set[str]) -> str:
    """The name of a copy."""
    copies = 1
    while (name := f"{weight.name}_{copies}") in taken:
        copies += 1
    taken.add(name)
    own = onnx.TensorProto.FromString(weight.SerializeToString())
    own.name = name
    graph.initializer.append(own)
    return name
