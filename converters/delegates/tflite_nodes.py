"""The operators of a TFLite graph as an accelerator's compiler sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device_profiles.placement.node import Node, Value

if TYPE_CHECKING:
    from converters.graph import Graph, Tensor


def tflite_nodes(graph: Graph) -> tuple[Node, ...]:
    """Every operator, in run order."""
    values = {name: _value(tensor) for name, tensor in graph.tensors.items()}
    return tuple(
        Node(
            operator.kind,
            tuple(None if name is None else values[name] for name in operator.inputs),
            tuple(values[name] for name in operator.outputs),
            operator.options,
        )
        for operator in graph.operators
    )


def _value(tensor: Tensor) -> Value:
    quantization = tensor.quantization
    scales = 0 if quantization is None else quantization.scale.size
    return Value(
        tensor.name,
        tensor.shape,
        tensor.dtype.name,
        constant=tensor.data is not None,
        data=tensor.data,
        per_channel=scales > 1,
        quantised=scales > 0,
        zero_point=int(quantization.zero_point[0]) if quantization is not None and scales == 1 else 0,
    )
