"""What each kernel of TensorFlow Lite Micro keeps in the arena beside the tensors, in bytes.

Measured with the reference kernels of tflite-micro 0.dev20261023 on a 64-bit host, as the growth of the arena per
operator in chains of four and eight (`make bench-carray` holds them against it); formulas for what grows with the
tensors are those of its sources, tensorflow/lite/micro/kernels. Kernels that a maker tuned for one processor (CMSIS-NN,
ESP-NN) keep more, and what, only a run on the board tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from edge_contracts.arena_plan import aligned

if TYPE_CHECKING:
    from firmware_tools.carray.network import Network, Operator, Tensor

_INT32_BYTES = 4
_HOST_POINTER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """What one operator keeps as long as the interpreter lives.

    options: its options as the runtime parses them; state: what its kernel works out once. Bytes on a 64-bit host, and
    no more than that with shorter pointers.
    """

    options: int = 0
    state: int = 0


UNKNOWN = Kept(64, 256)
"""For a kernel that was not measured: as much as the greediest of those that were."""

KEPT = {
    "ABS": Kept(0, 32), "ADD": Kept(8, 64), "ADD_N": Kept(0, 48), "ARG_MAX": Kept(4, 0), "ARG_MIN": Kept(4, 0),
    "AVERAGE_POOL_2D": Kept(40, 32), "BATCH_MATMUL": Kept(4, 128), "BATCH_TO_SPACE_ND": Kept(), "BROADCAST_TO": Kept(),
    "CAST": Kept(8, 0), "CEIL": Kept(), "CONCATENATION": Kept(8, 80), "CONV_2D": Kept(28, 80), "COS": Kept(),
    "DEPTHWISE_CONV_2D": Kept(28, 80), "DEPTH_TO_SPACE": Kept(4, 32), "DEQUANTIZE": Kept(0, 32), "DIV": Kept(4, 32),
    "ELU": Kept(0, 256), "EQUAL": Kept(0, 32), "EXP": Kept(0, 256), "EXPAND_DIMS": Kept(), "FLOOR": Kept(),
    "FLOOR_DIV": Kept(), "FLOOR_MOD": Kept(), "FULLY_CONNECTED": Kept(32, 80), "GATHER": Kept(8, 32),
    "GREATER": Kept(0, 32), "GREATER_EQUAL": Kept(0, 32), "HARD_SWISH": Kept(0, 32), "L2_NORMALIZATION": Kept(4, 16),
    "L2_POOL_2D": Kept(40, 32), "LEAKY_RELU": Kept(4, 32), "LESS": Kept(0, 32), "LESS_EQUAL": Kept(0, 32),
    "LOG": Kept(), "LOGISTIC": Kept(0, 16), "LOG_SOFTMAX": Kept(0, 48), "MAXIMUM": Kept(), "MAX_POOL_2D": Kept(40, 32),
    "MEAN": Kept(4, 48), "MINIMUM": Kept(), "MIRROR_PAD": Kept(4, 32), "MUL": Kept(4, 48), "NEG": Kept(),
    "NOT_EQUAL": Kept(0, 32), "PACK": Kept(8, 0), "PAD": Kept(0, 64), "PADV2": Kept(0, 64), "PRELU": Kept(0, 32),
    "QUANTIZE": Kept(0, 32), "REDUCE_MAX": Kept(4, 48), "RELU": Kept(0, 32), "RELU6": Kept(0, 16),
    "RESHAPE": Kept(36, 0), "RESIZE_BILINEAR": Kept(4, 0), "RESIZE_NEAREST_NEIGHBOR": Kept(4, 0), "ROUND": Kept(),
    "RSQRT": Kept(0, 32), "SIN": Kept(), "SLICE": Kept(), "SOFTMAX": Kept(4, 80), "SPACE_TO_BATCH_ND": Kept(0, 16),
    "SPACE_TO_DEPTH": Kept(4, 32), "SQRT": Kept(), "SQUARE": Kept(), "SQUARED_DIFFERENCE": Kept(0, 112),
    "SQUEEZE": Kept(36, 0), "STRIDED_SLICE": Kept(24, 96), "SUB": Kept(8, 64), "SUM": Kept(4, 48), "TANH": Kept(0, 16),
    "TRANSPOSE": Kept(), "TRANSPOSE_CONV": Kept(28, 96), "ZEROS_LIKE": Kept(),
}  # fmt: skip

LOOKS_TWICE = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
"""Kernels that hold descriptions of their tensors twice while they prepare."""

_KEEP_FOR_INTEGERS = {"ADD_N", "EXP", "LOG_SOFTMAX"}
_PER_CHANNEL = {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}
_WEIGHTS = 1
_INT16_TABLE_BYTES = 2 * 513
"""A kernel's table of a function of an int16: one int16 for each 128th value, both ends with it."""


def kept_by(network: Network, operator: Operator) -> Kept:
    """What one operator keeps, apart from `kept_by_tensors`."""
    kept = KEPT.get(operator.kind, UNKNOWN)
    if operator.kind in _KEEP_FOR_INTEGERS and not _is_integer(network.tensors[operator.inputs[0]]):
        return Kept(kept.options)
    return kept


def kept_by_tensors(network: Network, operator: Operator) -> int:
    """Bytes that depend on an operator's tensors: multiplier and shift per output channel, a turned copy, tables."""
    if operator.kind == "SOFTMAX" and network.tensors[operator.inputs[0]].type_name == "int16":
        return 2 * aligned(_INT16_TABLE_BYTES)
    if operator.kind == "BATCH_MATMUL":
        return aligned(network.tensors[operator.inputs[_WEIGHTS]].bytes)
    if operator.kind in _PER_CHANNEL:
        shape = network.tensors[operator.inputs[_WEIGHTS]].shape
        channels = shape[-1] if operator.kind == "DEPTHWISE_CONV_2D" else shape[0]
    elif operator.kind == "FULLY_CONNECTED":
        scales = network.tensors[operator.inputs[_WEIGHTS]].scales
        channels = scales if scales > 1 else 0
    else:
        channels = 0
    return 2 * aligned(_INT32_BYTES * channels)


def scratch_bytes(network: Network, operator: Operator) -> tuple[int, ...]:
    """The size of each buffer that a kernel needs while it runs, and only then."""
    tensors = network.tensors
    first = tensors[operator.inputs[0]] if operator.inputs else None
    out = tensors[operator.outputs[0]]
    if first is None:
        return ()
    if operator.kind in {"MEAN", "SUM"}:
        small = (_INT32_BYTES * len(first.shape), _INT32_BYTES * prod(tensors[operator.inputs[1]].shape))
        return (*small, _INT32_BYTES * prod(out.shape)) if _is_integer(first) else small
    if operator.kind == "REDUCE_MAX":
        return (_INT32_BYTES * len(first.shape), _INT32_BYTES * prod(tensors[operator.inputs[1]].shape))
    if operator.kind == "TRANSPOSE_CONV" and _is_integer(out):
        return ((_INT32_BYTES if out.type_name == "int8" else 2 * _INT32_BYTES) * prod(out.shape),)
    return _small_scratch(operator, tensors, out)


def _small_scratch(operator: Operator, tensors: tuple[Tensor, ...], out: Tensor) -> tuple[int, ...]:
    if operator.kind == "ADD_N":
        return (_HOST_POINTER_BYTES * len(operator.inputs),)
    if operator.kind == "MIRROR_PAD":
        return (_INT32_BYTES * len(out.shape),) * 2
    weights = tensors[operator.inputs[_WEIGHTS]] if len(operator.inputs) > _WEIGHTS else None
    if weights is not None and weights.is_constant and weights.type_name == "int4":
        return (prod(weights.shape),)
    return ()


def _is_integer(tensor: Tensor) -> bool:
    return tensor.type_name in {"int8", "int16"}
