"""Networks of one operator six times over: what a kernel keeps shows in the runtime's memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import write_tflite

COUNT = 6
SHAPE = (1, 8, 8, 16)
INT8, FLOAT = np.dtype(np.int8), np.dtype(np.float32)

Constant = tuple[str, np.ndarray[Any, Any], int]
"""Name, values, and how many scales it has where the network is int8."""


@dataclass(frozen=True, slots=True)
class Case:
    """One operator.

    constants: inputs behind the first, with the number of their scales in an int8 network, 0 for indices. twice: the
    network's input is the second input, too. out: the shape of the answer where it is another; then the operators
    stand side by side.
    """

    constants: tuple[Constant, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = SHAPE
    out: tuple[int, ...] | None = None
    twice: bool = False


def _indices(name: str, *values: int) -> Constant:
    return (name, np.array(values, np.int32), 0)


_POOL = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 2, "filter_width": 2}
_STRIDE = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
_PADDING: Constant = ("padding", np.zeros((4, 2), np.int32), 0)
_CROPS: Constant = ("crops", np.zeros((2, 2), np.int32), 0)
_BIAS: Constant = ("bias", np.zeros(16, np.int32), 16)
_MEAN = Case((_indices("axes", 1, 2),), {"keep_dims": True}, out=(1, 1, 1, 16))

CASES: dict[str, Case] = {
    "CONV_2D": Case((("weights", np.ones((16, 3, 3, 16), np.int8), 16), _BIAS), _STRIDE),
    "DEPTHWISE_CONV_2D": Case(
        (("weights", np.ones((1, 3, 3, 16), np.int8), 16), _BIAS), _STRIDE | {"depth_multiplier": 1}
    ),
    "FULLY_CONNECTED": Case(
        (("weights", np.ones((16, 16), np.int8), 1), ("bias", np.zeros(16, np.int32), 1)), shape=(1, 16)
    ),
    "BATCH_MATMUL": Case((("other", np.ones((1, 16, 16), np.int8), 1),), shape=(1, 16, 16)),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), Case(options=_POOL)),
    **dict.fromkeys(("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "ADD_N"), Case(twice=True)),
    **dict.fromkeys(("RELU", "RELU6", "TANH", "HARD_SWISH", "LEAKY_RELU", "ELU", "ABS", "L2_NORMALIZATION"), Case()),
    "PRELU": Case((("alpha", np.ones((1, 1, 16), np.int8), 1),)),
    "RESHAPE": Case((_indices("wanted", *SHAPE),)),
    **dict.fromkeys(("PAD", "MIRROR_PAD"), Case((_PADDING,))),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX"), _MEAN),
    "TRANSPOSE": Case((_indices("order", 0, 1, 2, 3),)),
    "CONCATENATION": Case(options={"axis": 3}, out=(1, 8, 8, 32), twice=True),
    "STRIDED_SLICE": Case((_indices("begin", 0, 0, 0, 0), _indices("end", *SHAPE), _indices("steps", 1, 1, 1, 1))),
    "SLICE": Case((_indices("begin", 0, 0, 0, 0), _indices("size", *SHAPE))),
    **dict.fromkeys(
        ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), Case((_indices("size", 16, 16),), out=(1, 16, 16, 16))
    ),
    "SPACE_TO_BATCH_ND": Case((_indices("block", 2, 2), _CROPS), out=(4, 4, 4, 16)),
    "BATCH_TO_SPACE_ND": Case((_indices("block", 2, 2), _CROPS), shape=(4, 4, 4, 16), out=(1, 8, 8, 16)),
    "SQUEEZE": Case(options={"squeeze_dims": [0]}, out=(8, 8, 16)),
    "EXPAND_DIMS": Case((_indices("axis", 0),), out=(1, *SHAPE)),
    "BROADCAST_TO": Case((_indices("wanted", *SHAPE),)),
    "PACK": Case(options={"axis": 0, "values_count": 2}, out=(2, *SHAPE), twice=True),
    "GATHER": Case((_indices("which", 0, 1),), {"axis": 3}, out=(1, 8, 8, 2)),
    "DEPTH_TO_SPACE": Case(options={"block_size": 2}, out=(1, 16, 16, 4)),
    "SPACE_TO_DEPTH": Case(options={"block_size": 2}, out=(1, 4, 4, 64)),
}
"""What both int8 and float networks have."""

FLOAT_CASES: dict[str, Case] = {
    **dict.fromkeys(("LOGISTIC", "LOG_SOFTMAX", "EXP", "RSQRT"), Case()),
    **dict.fromkeys(("CEIL", "COS", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE"), Case()),
    "SOFTMAX": Case(options={"beta": 1.0}),
    "L2_POOL_2D": Case(options=_POOL),
    **dict.fromkeys(("DIV", "FLOOR_MOD"), Case(twice=True)),
}
"""What is tried in float alone."""


def chain(kind: str, dtype: np.dtype[Any], case: Case | None = None) -> bytes:
    """The network's file."""
    one = case or (CASES | FLOAT_CASES)[kind]
    tensors = {"t0": _flowing("t0", one.shape, dtype)}
    for name, values, scales in one.constants:
        tensors[name] = _constant(name, values, dtype, scales)
    operators = []
    for at in range(COUNT):
        source = "t0" if one.out or at == 0 else f"t{at}"
        tensors[f"t{at + 1}"] = _flowing(f"t{at + 1}", one.out or one.shape, dtype)
        inputs = [source, *(["t0"] if one.twice else []), *(name for name, _, _ in one.constants)]
        operators.append(Operator(kind, inputs, [f"t{at + 1}"], one.options))
    ends = [f"t{at + 1}" for at in range(COUNT)] if one.out else [f"t{COUNT}"]
    return write_tflite(Graph(tensors, operators, ["t0"], ends))


def _flowing(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Tensor:
    return Tensor(name, shape, dtype, None, _scales(1, 0.05, 0) if dtype == INT8 else None)


def _constant(name: str, values: np.ndarray[Any, Any], dtype: np.dtype[Any], scales: int) -> Tensor:
    if not scales:
        return Tensor(name, values.shape, values.dtype, values)
    if dtype == FLOAT:
        return Tensor(name, values.shape, FLOAT, values.astype(np.float32))
    scale = 0.0025 if values.dtype == np.int32 else 0.05
    axis = values.ndim - 1 if scales > 1 and values.shape[0] == 1 else 0
    return Tensor(name, values.shape, values.dtype, values, _scales(scales, scale, axis))


def _scales(count: int, scale: float, axis: int) -> Quantization:
    return Quantization(np.full(count, scale, np.float32), np.zeros(count, np.int64), axis)
