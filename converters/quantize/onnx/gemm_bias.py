"""Biases of Gemm in the one form that ONNX Runtime's quantiser takes: a number per column of the answer, times 1.

Gemm adds any bias that can be broadcast to its answer of M×N: a number, a row of N, a column of M, a whole M×N. The
quantiser stumbles over all but a row of one axis, and forgets `beta`. What can be a row becomes one; what differs from
row to row is added by an Add behind the Gemm instead. The model means the same as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt

WEIGHT, BIAS = 1, 2
"""Their places among the inputs."""


def settle_gemm_biases(onnx: Any, model: Any) -> Any:
    """Give each Gemm with a constant bias a row, or an Add; shapes are inferred again.

    Args:
        onnx: the package.
        model: a model whose shapes are inferred; it is changed.
    """
    graph = model.graph
    constants = {initializer.name: initializer for initializer in graph.initializer}
    nodes = []
    for node in graph.node:
        nodes.append(node)
        if node.op_type == "Gemm" and len(node.input) > BIAS and node.input[BIAS] in constants:
            bias = onnx.numpy_helper.to_array(constants[node.input[BIAS]])
            nodes += _settled(onnx, graph, node, bias, _columns(graph, node, constants))
    own = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(own)
    _drop_unread(graph, constants)
    return onnx.shape_inference.infer_shapes(model)


def _taken_beta(node: Any) -> float:
    """What the bias is multiplied by; the node multiplies by 1 from now on."""
    found = [place for place, attribute in enumerate(node.attribute) if attribute.name == "beta"]
    if not found:
        return 1.0
    beta = float(node.attribute[found[0]].f)
    del node.attribute[found[0]]
    return beta


def _settled(onnx: Any, graph: Any, node: Any, bias: npt.NDArray[np.floating[Any]], columns: int) -> list[Any]:
    """The Add that must stand behind the node, where one must."""
    beta = _taken_beta(node)
    if bias.shape == (columns,) and beta == 1:
        return []
    times = bias * beta
    is_row = bias.size == 1 or bias.size == bias.shape[-1]
    if is_row and columns:
        node.input[BIAS] = _constant(onnx, graph, node, np.broadcast_to(times.reshape(-1), (columns,)))
        return []
    added, answer = _constant(onnx, graph, node, times), node.output[0]
    del node.input[BIAS]
    node.output[0] = _free_name(graph, f"{answer}_product")
    return [onnx.helper.make_node("Add", [node.output[0], added], [answer], name=f"{added}_add")]


def _columns(graph: Any, node: Any, constants: Mapping[str, Any]) -> int:
    """N of the M×N that the node answers; 0 where neither a constant weight nor the inferred shape tells it."""
    if node.input[WEIGHT] in constants:
        is_turned = any(attribute.name == "transB" and attribute.i for attribute in node.attribute)
        return int(constants[node.input[WEIGHT]].dims[0 if is_turned else 1])
    for value in (*graph.value_info, *graph.output):
        if value.name == node.output[0]:
            sizes = value.type.tensor_type.shape.dim
            return sizes[-1].dim_value if sizes else 0
    return 0


def _constant(onnx: Any, graph: Any, node: Any, values: npt.NDArray[np.floating[Any]]) -> str:
    """A constant of this node's own: its bias may be others' as well."""
    name = _free_name(graph, f"{node.output[0]}_bias")
    graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def _drop_unread(graph: Any, names: Iterable[str]) -> None:
    """Biases that nobody reads any more; a runtime would warn of each."""
    read = {*_read(graph), *(value.name for value in graph.output)}
    for initializer in [one for one in graph.initializer if one.name in names and one.name not in read]:
        graph.initializer.remove(initializer)


def _read(graph: Any) -> Iterator[str]:
    """What the nodes of a graph read, those inside of loops and branches included."""
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _read(inner)


def _free_name(graph: Any, wanted: str) -> str:
    taken = {initializer.name for initializer in graph.initializer}
    taken |= {name for node in graph.node for name in (*node.input, *node.output)}
    while wanted in taken:
        wanted += "_"
    return wanted
