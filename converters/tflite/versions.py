"""The version that an operator has to declare in a TFLite file.

Each operator grew its abilities under version numbers: an int8 `CONV_2D` is version 3, a float one version 1. A runtime
refuses a version that it does not know, and other tools (microcontroller code generators, accelerator compilers) decide
by it. The rule is therefore the lowest version that has the ability used, as in TensorFlow Lite's own
`tools/versioning/op_version.cc`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.tflite.types import INT4
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from converters.graph import Graph, Operator, Tensor

_ABSENT = np.dtype("V")


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a version may depend on."""

    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: dict[str, Any]

    def dtype(self, slot: int) -> np.dtype[Any]:
        """The dtype of input `slot`, or void where there is none."""
        tensor = self.inputs[slot] if slot < len(self.inputs) else None
        return _ABSENT if tensor is None else tensor.dtype

    def rank(self) -> int:
        """The highest number of dimensions among the inputs."""
        return max((len(tensor.shape) for tensor in self.inputs if tensor is not None), default=0)


_Condition = Callable[[_Signature], bool]


def operator_version(operator: Operator, graph: Graph) -> int:
    """The lowest version of `operator.kind` that can do what this operator of `graph` does.

    Raises:
        BadInputError: the operator lacks an input, an output or an axis that its kind always has.
    """
    signature = _Signature(
        inputs=tuple(None if name is None else graph.tensors[name] for name in operator.inputs),
        outputs=tuple(graph.tensors[name] for name in operator.outputs),
        options=operator.options,
    )
    rules = _RULES.get(operator.kind, ())
    try:
        return next((version for version, holds in rules if holds(signature)), _LOWEST.get(operator.kind, 1))
    except IndexError as error:
        raise BadInputError(
            f"{operator.kind} with {len(operator.inputs)} inputs and {len(operator.outputs)} outputs: wanted all that "
            "the operator works with, found too few, or too few axes; the file is damaged: export it again"
        ) from error


def _takes(*dtypes: str, slot: int = 0) -> _Condition:
    wanted = {np.dtype(dtype) for dtype in dtypes}
    return lambda op: op.dtype(slot) in wanted


def _gives(*dtypes: str) -> _Condition:
    wanted = {np.dtype(dtype) for dtype in dtypes}
    return lambda op: op.outputs[0].dtype in wanted


def _option(name: str, *, default: Any) -> _Condition:
    """True when option `name` says something else than `default`."""
    return lambda op: bool(op.options.get(name, default) != default)


def _rank_above(limit: int) -> _Condition:
    return lambda op: op.rank() > limit


def _inputs(count: int) -> _Condition:
    return lambda op: sum(tensor is not None for tensor in op.inputs) == count


def _both(*conditions: _Condition) -> _Condition:
    return lambda op: all(holds(op) for holds in conditions)


def _either(*conditions: _Condition) -> _Condition:
    return lambda op: any(holds(op) for holds in conditions)


def _hybrid(weights_slot: int = 1) -> _Condition:
    return _both(_takes("f4"), _takes("i1", slot=weights_slot), _gives("f4"))


def _per_channel(slot: int) -> _Condition:
    def holds(op: _Signature) -> bool:
        tensor = op.inputs[slot] if slot < len(op.inputs) else None
        return tensor is not None and tensor.quantization is not None and tensor.quantization.scale.size > 1

    return holds


def _int4_weights(op: _Signature) -> bool:
    return op.dtype(0) == np.dtype("i1") and op.dtype(1) == INT4


def _grouped(op: _Signature) -> bool:
    data, weights = op.inputs[0], op.inputs[1]
    return data is not None and weights is not None and data.shape[-1] != weights.shape[-1]


def _broadcasts(op: _Signature) -> bool:
    return len({tensor.shape for tensor in op.inputs if tensor is not None}) > 1


def _rescales_up(op: _Signature) -> bool:
    tensors = [*op.inputs, *op.outputs]
    parameters = [tensor.quantization for tensor in tensors if tensor is not None and tensor.quantization is not None]
    if len(parameters) != len(tensors):
        return False
    first, second, result = (float(parameter.scale[0]) for parameter in parameters)
    return first * second >= result


_INT8 = (2, _takes("i1"))
_INT8_INT16 = ((3, _takes("i2")), _INT8)
_ASYMMETRIC = _option("asymmetric_quantize_inputs", default=False)

_LOWEST = {"BROADCAST_TO": 2}

# Per operator: (version, condition), the first that holds; 1 where none does.
_RULES: dict[str, tuple[tuple[int, _Condition], ...]] = {
    "CONV_2D": (
        (8, _both(_takes("i2"), _option("quantized_bias_type", default="FLOAT32"))),
        (7, _int4_weights),
        (6, _grouped),
        (4, _takes("i2")),
        (3, _takes("i1")),
        (5, _both(_hybrid(), _per_channel(1))),
        (2, _hybrid()),
    ),
    "DEPTHWISE_CONV_2D": (
        (7, _int4_weights),
        (5, _takes("i2")),
        (6, _both(_hybrid(), _per_channel(1))),
        (4, _hybrid()),
        (3, _takes("i1")),
        (2, _either(_option("dilation_w_factor", default=1), _option("dilation_h_factor", default=1))),
    ),
    "FULLY_CONNECTED": (
        (10, _int4_weights),
        (12, _both(_hybrid(), _per_channel(1))),
        (11, _both(_takes("i2"), _option("quantized_bias_type", default="FLOAT32"))),
        (7, _takes("i2")),
        (6, _inputs(2)),
        (5, _option("keep_num_dims", default=False)),
        (4, _takes("i1")),
        (9, _both(_hybrid(), _ASYMMETRIC)),
        (3, _hybrid()),
        (2, _option("weights_format", default="DEFAULT")),
    ),
    "TRANSPOSE_CONV": (
        (5, _both(_takes("i2", slot=2), _option("quantized_bias_type", default="FLOAT32"))),
        (4, _option("fused_activation_function", default="NONE")),
        (3, _inputs(4)),
        (2, _takes("i1", slot=1)),
    ),
    "BATCH_MATMUL": ((3, _takes("i2")), _INT8, (4, _both(_hybrid(), _ASYMMETRIC))),
    "ADD": (
        (4, _takes("i8")),
        (3, _both(_takes("i2"), _option("pot_scale_int16", default=True))),
        _INT8,
    ),
    "SUB": (
        (5, _both(_takes("i2"), _option("pot_scale_int16", default=True))),
        (4, _takes("i8")),
        (3, _both(_broadcasts, _rank_above(4))),
        _INT8,
    ),
    "MUL": (
        (7, _takes("u4")),
        (6, _takes("c8")),
        (5, _takes("i8")),
        (4, _takes("i2")),
        (3, _rescales_up),
        _INT8,
    ),
    "DIV": ((2, _both(_broadcasts, _rank_above(4))),),
    "MAXIMUM": ((4, _takes("i2")), (3, _both(_broadcasts, _rank_above(4))), _INT8),
    "MINIMUM": ((4, _takes("i2")), (3, _both(_broadcasts, _rank_above(4))), _INT8),
    "ABS": ((5, _takes("i4")), (3, _takes("i2")), (2, _takes("i1", "u1"))),
    "SIGN": ((2, _takes("i4")),),
    "FLOOR_DIV": ((3, _takes("i1", "i2")), (2, _takes("f4"))),
    "FLOOR_MOD": ((2, _takes("i1", "i2")),),
    "AVERAGE_POOL_2D": _INT8_INT16,
    "MAX_POOL_2D": _INT8_INT16,
    "TANH": _INT8_INT16,
    "LOGISTIC": _INT8_INT16,
    "SOFTMAX": _INT8_INT16,
    "MEAN": _INT8_INT16,
    "MIRROR_PAD": _INT8_INT16,
    "REDUCE_MAX": _INT8_INT16,
    "REDUCE_MIN": _INT8_INT16,
    "RELU6": _INT8_INT16,
    "RSQRT": _INT8_INT16,
    "RELU": ((3, _takes("i2")), (2, _takes("i1", "u1"))),
    "GELU": ((2, _takes("i1", "u1")),),
    "LEAKY_RELU": ((2, _takes("i2")),),
    "L2_NORMALIZATION": ((2, _gives("i1")),),
    "EXP": ((2, _takes("i1", "i2")),),
    "LOG": ((2, _takes("i1", "i2")),),
    "REDUCE_PROD": ((2, _takes("i1", "i2")),),
    "SUM": (_INT8,),
    "LOG_SOFTMAX": (_INT8,),
    "SQUARED_DIFFERENCE": (_INT8,),
    "SPACE_TO_DEPTH": (_INT8,),
    "DEPTH_TO_SPACE": (_INT8,),
    "SPLIT_V": (_INT8,),
    "GREATER": (_INT8,),
    "LESS_EQUAL": (_INT8,),
    "LESS": _INT8_INT16,
    "GREATER_EQUAL": _INT8_INT16,
    "EQUAL": ((4, _takes("i2")), _INT8),
    "NOT_EQUAL": (_INT8,),
    "CONCATENATION": ((4, _takes("u4")), *_INT8_INT16),
    "PACK": ((4, _takes("u4")), *_INT8_INT16),
    "UNPACK": ((4, _takes("i2")), (3, _takes("?")), (2, _takes("i1", "u1"))),
    "SPLIT": ((4, _takes("i2", slot=1)), (3, _takes("i4", slot=1)), (2, _takes("i1", slot=1))),
    "PAD": ((4, _rank_above(4)), *_INT8_INT16),
    "PADV2": ((4, _rank_above(4)), *_INT8_INT16),
    "TRANSPOSE": ((6, _rank_above(5)), (5, _takes("i2")), (4, _rank_above(4)), (3, _takes("?")), _INT8),
    "SLICE": ((6, _takes("u4")), (5, _rank_above(4)), (4, _takes("i2")), _INT8),
    "STRIDED_SLICE": (
        (8, _option("offset", default=False)),
        (7, _takes("u4")),
        (6, _either(_option("ellipsis_mask", default=0), _option("new_axis_mask", default=0))),
        (4, _rank_above(4)),
        (3, _takes("?")),
        _INT8,
    ),
    "SPACE_TO_BATCH_ND": ((4, _takes("i2")), (3, lambda op: op.rank() != 4), _INT8),  # noqa: PLR2004
    "BATCH_TO_SPACE_ND": ((4, _takes("i2")), (3, lambda op: op.rank() != 4), _INT8),  # noqa: PLR2004
    "RESIZE_BILINEAR": ((4, _takes("i2")), (3, _option("half_pixel_centers", default=False)), _INT8),
    "RESIZE_NEAREST_NEIGHBOR": (
        (4, _takes("i2")),
        (3, _either(_option("half_pixel_centers", default=False), _option("align_corners", default=False))),
        _INT8,
    ),
    "TILE": ((3, _takes("i1")),),
    "REVERSE_V2": ((3, _takes("i1")), (2, _takes("?"))),
    "GATHER": (
        (6, _takes("i2", slot=1)),
        (5, _option("batch_dims", default=0)),
        (4, _takes("i2")),
        (3, _takes("?")),
        _INT8,
    ),
    "GATHER_ND": ((5, _takes("?")), (4, _takes("i2", slot=1)), (3, _takes("i2"))),
    "ARG_MAX": ((3, _takes("?")), _INT8),
    "ARG_MIN": ((3, _takes("?")), _INT8),
    "TOPK_V2": ((3, _either(_takes("i2"), _takes("i2", slot=1))), _INT8),
    "SELECT": ((4, _takes("u4")), (3, _rank_above(4)), _INT8),
    "SELECT_V2": ((2, _takes("u4")),),
    "WHERE": ((2, lambda op: op.dtype(0) != np.dtype(np.bool_)),),
    "RANGE": ((2, _takes("i8")),),
    "FILL": ((4, _takes("f2", slot=1)), (3, _takes("i1", "i2", slot=1)), (2, _takes("?", slot=1))),
    "BROADCAST_TO": ((3, _takes("i1", "i2")),),
    "SPARSE_TO_DENSE": ((3, _takes("i1", "u1", slot=2)), (2, _takes("i8", slot=2))),
    "CAST": (
        (5, _either(_takes("f2", "f8"), _gives("f2", "f8"))),
        (4, _either(_takes("u2"), _gives("u2"))),
        (3, _either(_takes("i1"), _gives("i1"))),
        (2, _either(_takes("u4"), _gives("u4"))),
    ),
    "DEQUANTIZE": (
        (6, lambda op: op.dtype(0) == INT4),
        (3, _takes("i2", "f2")),
        (5, _both(_takes("i1"), _per_channel(0))),
        _INT8,
    ),
    "QUANTIZE": ((2, _gives("i2")),),
    "FAKE_QUANT": ((2, _option("narrow_range", default=False)),),
    "SVDF": ((3, _takes("i1")), (4, _both(_hybrid(), _ASYMMETRIC)), (2, _hybrid())),
    "RNN": ((3, _both(_hybrid(), _ASYMMETRIC)), (2, _hybrid())),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ((3, _both(_hybrid(), _ASYMMETRIC)), (2, _hybrid())),
    "BIDIRECTIONAL_SEQUENCE_RNN": ((3, _both(_hybrid(), _ASYMMETRIC)), (2, _hybrid())),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ((3, _both(_hybrid(), _ASYMMETRIC)), (2, _hybrid())),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (
        (5, _takes("i2")),
        (4, _option("diagonal_recurrent_tensors", default=False)),
        (3, _both(_hybrid(2), _ASYMMETRIC)),
        (2, _hybrid(2)),
    ),
    "LSTM": (
        (2, _option("kernel_type", default="FULL")),
        (5, _takes("i2")),
        (4, _both(_hybrid(2), _ASYMMETRIC)),
        (3, _hybrid(2)),
    ),
}
