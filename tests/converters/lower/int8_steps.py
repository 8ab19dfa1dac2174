"""How many steps of its output's scale an int8 operator is off, one operator at a time.

The int8 model runs once with every tensor kept. Each int8 operator then stands alone with the very bytes that it was
given: with both kernel sets, and beside it its float form on the same numbers. What differs is the operator's own
rounding, whatever came before, and whatever its weights were rounded to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session, run_all
from converters.graph import Graph, Operator, Tensor
from converters.quantize.operator_rules import RULES
from converters.tflite import write_tflite
from tests.converters.lower.onnx_models import worst

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Array = np.ndarray[Any, Any]

INT8, FLOAT = np.dtype("i1"), np.dtype("f4")


@dataclass(frozen=True)
class Deviation:
    """Of one operator: its kind, the kernel set, and the largest difference in steps of the output's scale."""

    kind: str
    kernels: str
    steps: float


def deviations(graph: Graph, feed: Mapping[str, Array]) -> Iterator[Deviation]:
    """For every int8 operator of a quantised graph and both kernel sets."""
    session = Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)
    session.run(feed)
    for operator in graph.operators:
        if operator.kind in RULES and graph.tensors[operator.outputs[0]].dtype == INT8:
            yield from _of_one(graph, operator, session)


def _of_one(graph: Graph, operator: Operator, session: Session) -> Iterator[Deviation]:
    alone = _alone(graph, operator)
    given = {name: session.value(name) for name in alone.inputs}
    exact = _in_float(alone)
    real = {name: _real(graph.tensors[name], value) for name, value in given.items()}
    wanted = run_all(write_tflite(exact), [real], Kernels.REFERENCE)[0]
    for kernels in Kernels:
        found = run_all(write_tflite(alone), [given], kernels)[0]
        steps = worst(
            _steps(graph.tensors[name], value, other)
            for name, value, other in zip(operator.outputs, found, wanted, strict=True)
        )
        yield Deviation(operator.kind, kernels.value, steps)


def _alone(graph: Graph, operator: Operator) -> Graph:
    names = dict.fromkeys(name for name in (*operator.inputs, *operator.outputs) if name)
    inputs = [name for name in names if graph.tensors[name].data is None and name not in operator.outputs]
    return Graph({name: graph.tensors[name] for name in names}, [operator], inputs, list(operator.outputs))


def _in_float(graph: Graph) -> Graph:
    tensors = {name: _float_tensor(tensor) for name, tensor in graph.tensors.items()}
    return replace(graph, tensors=tensors)


def _float_tensor(tensor: Tensor) -> Tensor:
    if tensor.quantization is None:
        return tensor
    data = None if tensor.data is None else _real(tensor, tensor.data)
    return replace(tensor, dtype=FLOAT, data=data, quantization=None)


def _real(tensor: Tensor, stored: Array) -> Array:
    parameters = tensor.quantization
    if parameters is None:
        return stored
    shape = [-1 if axis == parameters.axis else 1 for axis in range(stored.ndim)] if parameters.scale.size > 1 else []
    scale, zero = parameters.scale.astype(np.float64), parameters.zero_point
    real = (stored.astype(np.float64) - zero.reshape(shape or zero.shape)) * scale.reshape(shape or scale.shape)
    return np.asarray(real.reshape(stored.shape).astype(np.float32))


def _steps(tensor: Tensor, found: Array, wanted: Array) -> float:
    """The difference in steps; beyond the ends of int8 both are the end."""
    assert tensor.quantization is not None
    exact = wanted / tensor.quantization.scale[0] + tensor.quantization.zero_point[0]
    return float(np.abs(found.astype(np.float64) - np.clip(exact, -128, 127)).max(initial=0))
