"""Big constants of operators that stay float, stored as float16 behind a DEQUANTIZE: half the bytes.

Both runtimes compute such a DEQUANTIZE once, when the model is loaded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.graph import Operator

if TYPE_CHECKING:
    import numpy.typing as npt

    from converters.graph import Graph, Tensor

SMALLEST_SIZE = 1024
"""Constants with fewer values stay float32: the DEQUANTIZE would cost more than it saves."""

_LARGEST_ERROR = 2.0**-11
"""Relative rounding error of a normal float16."""


def store_constants_as_float16(graph: Graph) -> bool:
    """Change `graph` in place; whether any constant was worth it and fits float16's range."""
    read = {name for operator in graph.operators for name in operator.inputs}
    fitting = [tensor for tensor in graph.tensors.values() if tensor.name in read and _fits(tensor)]
    for tensor in fitting:
        _store(graph, tensor)
    return bool(fitting)


def _fits(tensor: Tensor) -> bool:
    return (
        tensor.data is not None
        and tensor.dtype == np.dtype("f4")
        and tensor.data.size >= SMALLEST_SIZE
        and _keeps_its_values(tensor.data)
    )


def _keeps_its_values(values: npt.NDArray[Any]) -> bool:
    """Whether no value overflows, and none that counts beside the largest loses more than float16's rounding."""
    largest = float(np.abs(values).max())
    if not largest < float(np.finfo(np.float16).max):
        return False
    errors = np.abs(values.astype(np.float16).astype(np.float64) - values)
    return bool((errors <= np.maximum(np.abs(values), largest * _LARGEST_ERROR) * _LARGEST_ERROR).all())


def _store(graph: Graph, tensor: Tensor) -> None:
    name = f"{tensor.name}/float16"
    while name in graph.tensors:
        name += "_"
    if tensor.data is None:
        return
    half = tensor.data.astype(np.float16)
    graph.tensors[name] = replace(tensor, name=name, dtype=np.dtype("f2"), data=half)
    graph.tensors[tensor.name] = replace(tensor, data=None)
    first = next(place for place, operator in enumerate(graph.operators) if tensor.name in operator.inputs)
    graph.operators.insert(first, Operator("DEQUANTIZE", [name], [tensor.name]))
