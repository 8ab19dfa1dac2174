"""The two ways in which integers stand for an ONNX model's numbers: for processors, and for TensorRT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Scheme:
    """How an ONNX model is quantised.

    name: for people and the provenance.
    activations, weights: ONNX Runtime's names of their types.
    kinds: operators that become int8.
    options: what ONNX Runtime's quantiser is told besides.
    """

    name: str
    activations: str
    weights: str
    kinds: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


ASYMMETRIC = Scheme(
    name="uint8 activations, int8 weights per channel",
    activations="QUInt8",
    weights="QInt8",
    kinds=(
        "Add",
        "AveragePool",
        "Clip",
        "Concat",
        "Conv",
        "ConvTranspose",
        "Gemm",
        "GlobalAveragePool",
        "LeakyRelu",
        "MatMul",
        "MaxPool",
        "Mul",
        "Pad",
        "Relu",
        "Reshape",
        "Resize",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ),
)
"""For processors. Exponentials, divisions and softmax, as in box decoding, lose too much and stay float."""

SYMMETRIC = Scheme(
    name="int8 activations with zero point 0, int8 weights per channel, float biases",
    activations="QInt8",
    weights="QInt8",
    kinds=("Add", "AveragePool", "Conv", "ConvTranspose", "Gemm", "GlobalAveragePool", "MatMul", "MaxPool"),
    options={
        "ActivationSymmetric": True,
        "WeightSymmetric": True,
        "QuantizeBias": False,
        "OpTypesToExcludeOutputQuantization": ["Conv", "ConvTranspose", "Gemm", "MatMul", "Add"],
        "QDQOpTypePerChannelSupportToAxis": {"Conv": 0, "ConvTranspose": 1},
    },
)
"""For TensorRT, which takes zero points of 0 and no DequantizeLinear of an int32 bias, and fuses a bias itself.

Pairs stand before what computes, not behind it, and weights have a scale per channel where they are convolved. Sources:
onnx-tensorrt, docs/operators.md ("y_zero_point must be 0"), and NVIDIA's Model Optimizer, whose settings for ONNX
Runtime's quantiser these are (`trt_guided_options`: QuantizeBias False, ActivationSymmetric True, no output
quantisation, channels along axis 0 of Conv and 1 of ConvTranspose), as are its operators for int8.
"""
