"""What makes a graph well formed, checked whenever one enters or leaves a file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.graph import Graph, Operator, Tensor

LARGEST_RANK = 8
"""Dimensions that any TFLite kernel takes."""

MOST_ELEMENTS = 1 << 27
"""Elements of one tensor: half a gigabyte as float32, the size that a model file may have at all."""


def check_graph(graph: Graph) -> None:
    """Say nothing if `graph` is well formed.

    Every name is a tensor's own and known; constants match their shape and dtype; quantisation parameters match the
    axis they run along; every operator reads what is constant, given or already computed; nothing is written twice.

    Raises:
        BadInputError: the first fault found.
    """
    for name, tensor in graph.tensors.items():
        if name != tensor.name:
            raise BadInputError(f"tensor {tensor.name!r} is filed under {name!r}; file it under its own name")
        if "\0" in name:
            raise BadInputError(f"tensor {name!r} holds a zero byte, at which a runtime ends the name; rename it")
        _check_values(tensor)
        _check_quantization(tensor)
    _check_order(graph)


def _check_values(tensor: Tensor) -> None:
    if prod(max(size, 1) for size in tensor.shape) > MOST_ELEMENTS:
        raise BadInputError(
            f"tensor {tensor.name!r} has the shape {tensor.shape}; wanted at most {MOST_ELEMENTS} elements: the file "
            "is damaged, or the model is too big for a board"
        )
    if len(tensor.shape) > LARGEST_RANK or min(tensor.shape, default=0) < -1:
        raise BadInputError(f"tensor {tensor.name!r} has the shape {tensor.shape}; wanted at most {LARGEST_RANK} sizes")
    if tensor.data is None:
        return
    if tensor.data.shape != tensor.shape or tensor.data.dtype != tensor.dtype:
        raise BadInputError(
            f"constant {tensor.name!r}: wanted {tensor.shape} {tensor.dtype}, "
            f"found {tensor.data.shape} {tensor.data.dtype}; make both agree"
        )


def _check_quantization(tensor: Tensor) -> None:
    parameters = tensor.quantization
    if parameters is None:
        return
    along = tensor.shape[parameters.axis] if 0 <= parameters.axis < len(tensor.shape) else None
    if parameters.zero_point.size != parameters.scale.size or (
        parameters.scale.size > 1 and parameters.scale.size != along
    ):
        raise BadInputError(
            f"tensor {tensor.name!r} {tensor.shape}: {parameters.scale.size} scales and {parameters.zero_point.size} "
            f"zero points along axis {parameters.axis}; wanted one, or one per channel"
        )


def _check_order(graph: Graph) -> None:
    ready = {name for name, tensor in graph.tensors.items() if tensor.data is not None or tensor.is_variable}
    # A tensor without elements holds nothing that could be missing.
    ready |= {name for name, tensor in graph.tensors.items() if 0 in tensor.shape}
    ready |= set(graph.inputs)
    computed: set[str] = set()
    for place, operator in enumerate(graph.operators):
        _check_operator(graph, f"operator {place} ({operator.kind})", operator, ready)
        for name in operator.outputs:
            if name in computed or name in graph.inputs or graph.tensors[name].data is not None:
                raise BadInputError(f"operator {place} ({operator.kind}) writes {name!r}, which already has a value")
        computed.update(operator.outputs)
        ready.update(operator.outputs)
    for name in (*graph.inputs, *graph.outputs):
        if name not in ready:
            raise BadInputError(f"{name!r} leaves the graph but no operator writes it")


def _check_operator(graph: Graph, what: str, operator: Operator, ready: set[str]) -> None:
    for name in (*operator.inputs, *operator.outputs, *operator.intermediates):
        if name is not None and name not in graph.tensors:
            raise BadInputError(f"{what} names {name!r}, which is no tensor of the graph")
    for name in operator.inputs:
        if name is not None and name not in ready:
            raise BadInputError(f"{what} reads {name!r} before anything writes it; put operators in run order")
