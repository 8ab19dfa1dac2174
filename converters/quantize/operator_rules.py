"""What int8 asks of each operator: a table.

Measured with one-operator models in LiteRT 2.3 and tflite-runtime 2.14, with XNNPACK and with reference kernels, and in
agreement with TensorFlow Lite's 8-bit quantization specification. An operator that is not in the table stays float: for
some (SUM, ELU, NEG) because an int8 kernel is missing or wrong somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from converters.quantize.affine import INT16_BITS, Affine


class Scales(Enum):
    """How an operator's output scale relates to the others."""

    FREE = auto()
    """The kernel rescales: any output scale will do."""
    SAME = auto()
    """Stored values are copied or compared: every data input and output has one scale. Some kernels do not check."""
    FIXED = auto()
    """The kernel knows its output's scale and assumes it."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a multiply-accumulate operator keeps its constants.

    slot, bias_slot: input slots. channel_axis: the weights' axis of output channels.
    """

    slot: int
    bias_slot: int
    channel_axis: int


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """One row.

    scales: how the output's scale relates to the others.
    data: the input slots that hold activations (or constants treated like them); None for all of them.
    output: the scale of a FIXED output.
    weights: for multiply-accumulate operators.
    """

    scales: Scales
    data: tuple[int, ...] | None = (0,)
    output: Affine | None = None
    weights: Weights | None = None


_SHARE = Affine(1 / 256, -128)
_SIGNED_UNIT = Affine(1 / 128, 0)
_FREE_UNARY = OperatorRule(Scales.FREE)
_FREE_BINARY = OperatorRule(Scales.FREE, data=(0, 1))
_SAME_UNARY = OperatorRule(Scales.SAME)
_SAME_ALL = OperatorRule(Scales.SAME, data=None)

RULES: dict[str, OperatorRule] = {
    "CONV_2D": OperatorRule(Scales.FREE, weights=Weights(slot=1, bias_slot=2, channel_axis=0)),
    "DEPTHWISE_CONV_2D": OperatorRule(Scales.FREE, weights=Weights(slot=1, bias_slot=2, channel_axis=3)),
    "FULLY_CONNECTED": OperatorRule(Scales.FREE, weights=Weights(slot=1, bias_slot=2, channel_axis=0)),
    "TRANSPOSE_CONV": OperatorRule(Scales.FREE, data=(2,), weights=Weights(slot=1, bias_slot=3, channel_axis=0)),
    "ADD": _FREE_BINARY,
    "SUB": _FREE_BINARY,
    "MUL": _FREE_BINARY,
    "SQUARED_DIFFERENCE": _FREE_BINARY,
    "BATCH_MATMUL": _FREE_BINARY,
    "PRELU": _FREE_BINARY,
    "MEAN": _FREE_UNARY,
    "LEAKY_RELU": _FREE_UNARY,
    "HARD_SWISH": _FREE_UNARY,
    "GELU": _FREE_UNARY,
    "ABS": _FREE_UNARY,
    "RSQRT": _FREE_UNARY,
    "AVERAGE_POOL_2D": _SAME_UNARY,
    "MAX_POOL_2D": _SAME_UNARY,
    "RESHAPE": _SAME_UNARY,
    "SQUEEZE": _SAME_UNARY,
    "EXPAND_DIMS": _SAME_UNARY,
    "TRANSPOSE": _SAME_UNARY,
    "PAD": _SAME_UNARY,
    "PADV2": OperatorRule(Scales.SAME, data=(0, 2)),
    "MIRROR_PAD": _SAME_UNARY,
    "RESIZE_BILINEAR": _SAME_UNARY,
    "RESIZE_NEAREST_NEIGHBOR": _SAME_UNARY,
    "SLICE": _SAME_UNARY,
    "STRIDED_SLICE": _SAME_UNARY,
    "GATHER": _SAME_UNARY,
    "TILE": _SAME_UNARY,
    "DEPTH_TO_SPACE": _SAME_UNARY,
    "SPACE_TO_DEPTH": _SAME_UNARY,
    "SPACE_TO_BATCH_ND": _SAME_UNARY,
    "BATCH_TO_SPACE_ND": _SAME_UNARY,
    "SPLIT": OperatorRule(Scales.SAME, data=(1,)),
    "CONCATENATION": _SAME_ALL,
    "PACK": _SAME_ALL,
    "MAXIMUM": _SAME_ALL,
    "MINIMUM": _SAME_ALL,
    "SOFTMAX": OperatorRule(Scales.FIXED, output=_SHARE),
    "LOGISTIC": OperatorRule(Scales.FIXED, output=_SHARE),
    "TANH": OperatorRule(Scales.FIXED, output=_SIGNED_UNIT),
    "L2_NORMALIZATION": OperatorRule(Scales.FIXED, output=_SIGNED_UNIT),
    "LOG_SOFTMAX": OperatorRule(Scales.FIXED, output=Affine(16 / 256, 127)),
}


_WIDE_SHARE = Affine(1 / 32768, 0, INT16_BITS)

_WITHOUT_INT16 = frozenset(
    {
        "DEPTH_TO_SPACE",
        "GELU",  # LiteRT has it, tflite-runtime 2.14 refuses it; so with RSQRT and TILE
        "HARD_SWISH",
        "L2_NORMALIZATION",
        "LOG_SOFTMAX",
        "PRELU",  # LiteRT computes it, wrong: 8 dB
        "RSQRT",
        "SPACE_TO_DEPTH",
        "SQUARED_DIFFERENCE",
        "TILE",
    }
)

INT16_RULES: dict[str, OperatorRule] = {
    kind: replace(rule, output=rule.output and _WIDE_SHARE)
    for kind, rule in RULES.items()
    if kind not in _WITHOUT_INT16
}
"""The same for int16 activations with zero point 0: every operator that both runtimes have an int16 kernel for."""

INT4_KINDS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
"""Kinds whose kernels take int4 weights beside int8 activations.

LiteRT has all three with XNNPACK and with reference kernels; tflite-runtime 2.14 refuses FULLY_CONNECTED when it loads
the file. Beside int16 activations DEPTHWISE_CONV_2D loads and is wrong in LiteRT, CONV_2D in tflite-runtime (-12 dB):
int4 and int16 do not go together. TRANSPOSE_CONV has no such kernel.
"""


def data_slots(rule: OperatorRule, inputs: int) -> tuple[int, ...]:
    """The slots of an operator with so many inputs that hold activations."""
    return tuple(range(inputs)) if rule.data is None else tuple(slot for slot in rule.data if slot < inputs)
