"""Model files of one operator, as the project's own writer and ONNX's helper make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCALE = 0.1
_WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
_CONVOLUTION = _WINDOW | {"dilation_h_factor": 1, "dilation_w_factor": 1}
DEFAULTS: dict[str, dict[str, Any]] = {
    "CONV_2D": _CONVOLUTION,
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "MAX_POOL_2D": _WINDOW | {"filter_height": 2, "filter_width": 2},
}


@dataclass(frozen=True, slots=True)
class Given:
    """A TFLite tensor: an activation where `data` is None.

    scales: 0 leaves it without one, several lie along the last axis.
    """

    shape: tuple[int, ...]
    dtype: str = "int8"
    data: Any = None
    scales: int = 1
    zero_point: int = 0


def indices(*values: Any) -> Given:
    """A constant of int32 without a scale."""
    data = np.array(values, np.int32)
    return Given(data.shape, "int32", data, scales=0)


def weights(*shape: int, fill: int = 1, dtype: str = "int8", scales: int = 1) -> Given:
    """A constant of one value."""
    return Given(shape, dtype, np.full(shape, fill, dtype), scales)


def tflite_of(kind: str, inputs: Sequence[Given], out: Given, **options: Any) -> bytes:
    """A TFLite file of one operator whose inputs and output these are."""
    names = [f"in{place}" for place in range(len(inputs))]
    tensors = {name: _tensor(name, given) for name, given in zip(names, inputs, strict=True)}
    tensors["out"] = _tensor("out", out)
    flowing = [name for name in names if tensors[name].data is None]
    operator = Operator(kind, list(names), ["out"], DEFAULTS.get(kind, {}) | options)
    return write_tflite(Graph(tensors, [operator], flowing, ["out"]))


def _tensor(name: str, given: Given) -> Tensor:
    points = np.full(given.scales, given.zero_point, np.int64)
    axis = len(given.shape) - 1 if given.scales > 1 else 0
    quantization = Quantization(np.full(given.scales, SCALE, np.float32), points, axis)
    return Tensor(name, given.shape, np.dtype(given.dtype), given.data, quantization if given.scales else None)


def onnx_of(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[int | str],
    constants: Mapping[str, Any] | None = None,
    *,
    out: str = "y",
    dtype: int = onnx.TensorProto.FLOAT,
) -> bytes:
    """An ONNX file from `x` of that shape to `out`, whose type and shape ONNX infers."""
    stored = [numpy_helper.from_array(np.asarray(data), name) for name, data in (constants or {}).items()]
    ends = [helper.make_tensor_value_info("x", dtype, shape)]
    bare = onnx.ValueInfoProto(name=out)
    graph = helper.make_graph(list(nodes), "lone", ends, [bare], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.shape_inference.infer_shapes(model).SerializeToString()
    return content
