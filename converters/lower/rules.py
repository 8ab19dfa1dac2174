"""Which ONNX operator becomes what: a table, from which the reference page is written as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from converters.lower import (
    activation,
    convolution,
    elementwise,
    indexing,
    matrix,
    normalization,
    pooling,
    reduction,
    resize,
    selection,
    shape,
)

if TYPE_CHECKING:
    from converters.lower.node import Node
    from converters.lower.writing import Writing

Lower = Callable[["Writing", "Node"], None]


@dataclass(frozen=True, slots=True)
class LoweringRule:
    """One row.

    lower: emits the operators.
    becomes: the TFLite operators, as the page shows them.
    limits: what is refused; empty where nothing is.
    """

    lower: Lower
    becomes: str
    limits: str = ""


_composed = elementwise.lower_composed


def _unary(kind: str) -> LoweringRule:
    return LoweringRule(elementwise.lower_unary(kind), kind)


def _arithmetic(kind: str) -> LoweringRule:
    return LoweringRule(elementwise.lower_arithmetic(kind), kind)


_CONSTANT_WEIGHTS = "constant weights and bias; one or two spatial dimensions"
_WINDOW = "no dilation; one or two spatial dimensions"
_CONSTANT_AXES = "constant axes"
_SOFTMAX = LoweringRule(cast(Lower, activation.lower_softmax("SOFTMAX")), "SOFTMAX")
_RESIZE = LoweringRule(
    resize.lower_resize,
    "RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR where they mean the same, else GATHER or FULLY_CONNECTED per axis",
    "constant scales or sizes; not tf_crop_and_resize",
)
_RESHAPE = LoweringRule(shape.lower_reshape, "RESHAPE, with TRANSPOSE only for what moves")
_NOTHING = LoweringRule(elementwise.lower_identity, "nothing")

RULES: dict[str, LoweringRule] = {
    "Abs": _unary("ABS"),
    "Add": _arithmetic("ADD"),
    "AveragePool": LoweringRule(pooling.lower_average_pool, "AVERAGE_POOL_2D, PAD and MUL for uneven pads", _WINDOW),
    "BatchNormalization": LoweringRule(
        normalization.lower_batch_norm,
        "folded into the layer before, else MUL and ADD",
        "constant statistics; inference only",
    ),
    "Cast": LoweringRule(elementwise.lower_cast, "nothing", "from float to float"),
    "Ceil": _unary("CEIL"),
    "Clip": LoweringRule(
        _composed(activation.clip), "RELU, RELU6, RELU_N1_TO_1, or MAXIMUM and MINIMUM", "constant bounds"
    ),
    "Concat": LoweringRule(shape.lower_concat, "CONCATENATION"),
    "Conv": LoweringRule(
        convolution.lower_conv, "CONV_2D or DEPTHWISE_CONV_2D, PAD for uneven pads", _CONSTANT_WEIGHTS
    ),
    "ConvTranspose": LoweringRule(
        convolution.lower_conv_transpose, "TRANSPOSE_CONV, SLICE for uneven pads", _CONSTANT_WEIGHTS
    ),
    "Cos": _unary("COS"),
    "DepthToSpace": LoweringRule(shape.lower_depth_to_space, "DEPTH_TO_SPACE, GATHER for mode CRD"),
    "Div": LoweringRule(elementwise.lower_division, "MUL by a constant's inverse, else DIV"),
    "Dropout": LoweringRule(elementwise.lower_identity, "nothing", "inference only"),
    "Elu": LoweringRule(_composed(activation.elu), "ELU"),
    "Erf": LoweringRule(_composed(activation.erf), "ABS, EXP, DIV, MUL and ADD; GELU where it is one"),
    "Exp": _unary("EXP"),
    "Expand": LoweringRule(shape.lower_expand, "MUL by ones"),
    "Flatten": _RESHAPE,
    "Floor": _unary("FLOOR"),
    "Gather": LoweringRule(indexing.lower_gather, "GATHER or SLICE", "positions that are constant or a TopK's"),
    "GatherND": LoweringRule(
        selection.lower_gather_nd,
        "GATHER, GATHER_ND at computed positions",
        "positions that are constant or a TopK's; no batch axes",
    ),
    "Gelu": LoweringRule(_composed(activation.gelu), "GELU"),
    "Gemm": LoweringRule(matrix.lower_gemm, "FULLY_CONNECTED, BATCH_MATMUL where neither side is constant"),
    "GlobalAveragePool": LoweringRule(pooling.lower_global("MEAN"), "MEAN", "one or two spatial dimensions"),
    "GlobalMaxPool": LoweringRule(pooling.lower_global("REDUCE_MAX"), "REDUCE_MAX", "one or two spatial dimensions"),
    "HardSigmoid": LoweringRule(_composed(activation.hard_sigmoid), "MUL, ADD, RELU6, MUL"),
    "HardSwish": _unary("HARD_SWISH"),
    "Identity": _NOTHING,
    "InstanceNormalization": LoweringRule(
        normalization.lower_instance_norm, "MEAN, SUB, MUL, RSQRT, ADD", "constant scale and bias"
    ),
    "LRN": LoweringRule(normalization.lower_lrn, "LOCAL_RESPONSE_NORMALIZATION", "an odd window, pictures"),
    "LayerNormalization": LoweringRule(
        normalization.lower_layer_norm, "MEAN, SUB, MUL, RSQRT, ADD", "its first output alone, no mean or deviation"
    ),
    "LeakyRelu": LoweringRule(_composed(activation.leaky_relu), "LEAKY_RELU"),
    "Log": _unary("LOG"),
    "LogSoftmax": LoweringRule(cast(Lower, activation.lower_softmax("LOG_SOFTMAX")), "LOG_SOFTMAX"),
    "MatMul": LoweringRule(
        matrix.lower_matmul,
        "FULLY_CONNECTED, BATCH_MATMUL where neither side is constant",
        "at most four axes where the batch of one side is spread over a part of the other's",
    ),
    "Max": _arithmetic("MAXIMUM"),
    "MaxPool": LoweringRule(
        pooling.lower_max_pool, "MAX_POOL_2D, PAD or PADV2 for uneven pads", f"{_WINDOW}; no second output `Indices`"
    ),
    "Mean": LoweringRule(elementwise.lower_mean, "ADD and MUL"),
    "Min": _arithmetic("MINIMUM"),
    "Mish": LoweringRule(_composed(activation.mish), "ABS, EXP, LOG, TANH and MUL"),
    "Mul": LoweringRule(activation.lower_product, "MUL; HARD_SWISH for x · HardSigmoid(x)"),
    "Neg": LoweringRule(_composed(elementwise.negative), "MUL by -1"),
    "PRelu": LoweringRule(activation.lower_prelu, "PRELU", "a constant slope"),
    "Pad": LoweringRule(
        shape.lower_pad, "PAD, PADV2, MIRROR_PAD or GATHER", "constant, not negative, at most four axes"
    ),
    "Pow": LoweringRule(elementwise.lower_power, "MUL, SQRT, RSQRT, DIV or POW", "one constant exponent"),
    "Reciprocal": LoweringRule(_composed(elementwise.reciprocal), "DIV"),
    "ReduceL1": LoweringRule(reduction.lower_reduction("SUM", before=reduction.magnitude), "ABS, SUM", _CONSTANT_AXES),
    "ReduceL2": LoweringRule(
        reduction.lower_reduction("SUM", before=reduction.square, after=reduction.root),
        "MUL, SUM, SQRT",
        _CONSTANT_AXES,
    ),
    "ReduceLogSum": LoweringRule(
        reduction.lower_reduction("SUM", after=reduction.logarithm), "SUM, LOG", _CONSTANT_AXES
    ),
    "ReduceMax": LoweringRule(reduction.lower_reduction("REDUCE_MAX"), "REDUCE_MAX", _CONSTANT_AXES),
    "ReduceMean": LoweringRule(reduction.lower_reduction("MEAN"), "MEAN", _CONSTANT_AXES),
    "ReduceMin": LoweringRule(reduction.lower_reduction("REDUCE_MIN"), "REDUCE_MIN", _CONSTANT_AXES),
    "ReduceProd": LoweringRule(reduction.lower_reduction("REDUCE_PROD"), "REDUCE_PROD", _CONSTANT_AXES),
    "ReduceSum": LoweringRule(reduction.lower_reduction("SUM"), "SUM", _CONSTANT_AXES),
    "ReduceSumSquare": LoweringRule(
        reduction.lower_reduction("SUM", before=reduction.square), "MUL, SUM", _CONSTANT_AXES
    ),
    "Relu": _unary("RELU"),
    "Reshape": _RESHAPE,
    "Resize": _RESIZE,
    "Selu": LoweringRule(_composed(activation.selu), "ELU, RELU, MINIMUM, MUL, ADD"),
    "Sigmoid": _unary("LOGISTIC"),
    "Sin": _unary("SIN"),
    "Slice": LoweringRule(
        indexing.lower_slice,
        "SLICE, STRIDED_SLICE or GATHER",
        "constant positions that leave something; steps above 1 in values of at most four axes",
    ),
    "Softmax": _SOFTMAX,
    "Softplus": LoweringRule(_composed(activation.softplus), "ABS, EXP, LOG, RELU, ADD"),
    "Softsign": LoweringRule(_composed(activation.softsign), "ABS, ADD, DIV"),
    "SpaceToDepth": LoweringRule(shape.lower_space_to_depth, "SPACE_TO_DEPTH"),
    "Split": LoweringRule(indexing.lower_split, "SPLIT, or SLICE for unequal parts"),
    "Sqrt": _unary("SQRT"),
    "Squeeze": _RESHAPE,
    "Sub": _arithmetic("SUB"),
    "Sum": _arithmetic("ADD"),
    "Tanh": _unary("TANH"),
    "Tile": LoweringRule(shape.lower_tile, "TILE", "constant repeats"),
    "TopK": LoweringRule(selection.lower_top_k, "TOPK_V2", "a constant number; its positions are no output"),
    "Transpose": LoweringRule(shape.lower_transpose, "nothing: a layout tag; TRANSPOSE where a reader needs it"),
    "Unsqueeze": _RESHAPE,
    "Upsample": _RESIZE,
}

FOLDED = (
    "Constant",
    "ConstantOfShape",
    "Shape",
    "Size",
    "Range",
    "and every operator that reads constants alone (Loop, Scan and If: inside as well)",
)
"""What never reaches a rule."""
