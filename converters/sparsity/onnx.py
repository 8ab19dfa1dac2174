"""How many weights of an ONNX network are zero; see `converters.sparsity.zeros` for what that buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper

from converters.sparsity.zeros import Sparsity, layer_sparsity

if TYPE_CHECKING:
    import numpy.typing as npt

_WEIGHTS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1, "MatMul": -1}
"""Operators that multiply by weights, their second input, and the axis of the output channels."""


def onnx_sparsity(content: bytes) -> Sparsity:
    """Count the zeros of every Conv, ConvTranspose, Gemm and MatMul whose weights are stored in the file.

    Args:
        content: an ONNX file of the float network, already checked.
    """
    graph = onnx.load_model_from_string(content).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    layers = []
    for node in graph.node:
        name = node.input[1] if node.op_type in _WEIGHTS and len(node.input) > 1 else ""
        if name in stored:
            weights = numpy_helper.to_array(stored[name])
            layers.append(layer_sparsity(node.output[0], node.op_type, _filters_first(node, weights)))
    return Sparsity(tuple(layers))


def _filters_first(node: Any, weights: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where weights are zero, output channels along the first axis."""
    axis = _WEIGHTS[node.op_type]
    if node.op_type == "Gemm" and any(one.name == "transB" and one.i for one in node.attribute):
        axis = 0
    return np.moveaxis(weights == 0, axis, 0)
