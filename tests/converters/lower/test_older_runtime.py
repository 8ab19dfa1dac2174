"""A lowered operator of each kind answers alike in the older runtime that some boards have."""

import numpy as np
from onnx import helper

from converters.lower.rules import RULES
from tests.converters.lower.onnx_models import drawn, lowered, one

PICTURE = (1, 4, 6, 8)
SIMPLE = (
    "Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid",
    "HardSwish", "Identity", "LeakyRelu", "LogSoftmax", "Neg", "ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Selu", "Sigmoid", "Sin", "Softmax", "Softplus",
    "Softsign", "Tanh", "Flatten", "Dropout",
)  # fmt: skip
POSITIVE = ("Log", "Sqrt", "Reciprocal", "ReduceLogSum")


def weights(*shape):
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


def integers(*values):
    return np.array(values, np.int64)


def two(kind, shape, **attributes):
    """The operator between a value and its hyperbolic tangent."""
    nodes = [helper.make_node("Tanh", ["x"], ["t"]), helper.make_node(kind, ["x", "t"], ["y"], **attributes)]
    return drawn(nodes, shape)


CASES = [
    *((kind, one(kind, PICTURE)) for kind in SIMPLE),
    *((kind, two(kind, PICTURE)) for kind in ("Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean")),
    *((kind, one(kind, PICTURE, weights(4, 1, 1))) for kind in ("Add", "Mul", "Sub", "Div", "PRelu")),
    ("Add", one("Add", (2, 3, 2, 3, 4), weights(3, 1, 3, 1))),
    ("AveragePool", one("AveragePool", PICTURE, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))),
    ("BatchNormalization", one("BatchNormalization", PICTURE, *(np.abs(weights(4)) for _ in range(4)))),
    ("Cast", one("Cast", PICTURE, to=1)),
    ("Clip", one("Clip", PICTURE, np.float32(0), np.float32(6))),
    ("Clip", one("Clip", PICTURE, np.float32(-0.3), np.float32(0.4))),
    ("Concat", two("Concat", PICTURE, axis=1)),
    ("Conv", one("Conv", PICTURE, weights(6, 4, 3, 3), weights(6), pads=(1, 1, 1, 1), strides=(2, 2))),
    ("Conv", one("Conv", PICTURE, weights(8, 1, 3, 3), group=4, dilations=(2, 2))),
    ("Conv", one("Conv", PICTURE, weights(6, 2, 3, 3), group=2)),
    ("Conv", one("Conv", (1, 4, 9), weights(6, 4, 3), pads=(2, 0))),
    (
        "ConvTranspose",
        one("ConvTranspose", PICTURE, weights(4, 3, 3, 3), weights(3), strides=(2, 2), pads=(1, 1, 0, 0)),
    ),
    ("DepthToSpace", one("DepthToSpace", PICTURE, blocksize=2, mode="CRD")),
    ("Expand", one("Expand", (1, 4, 1, 8), integers(1, 4, 6, 8))),
    ("Gather", one("Gather", PICTURE, integers(3, 0, 0), axis=1)),
    ("GatherND", one("GatherND", PICTURE, np.array([[0, 3], [0, 1]]))),
    ("Gelu", one("Gelu", PICTURE, opset=20)),
    ("Gemm", one("Gemm", (3, 5), weights(5, 4), weights(4))),
    ("InstanceNormalization", one("InstanceNormalization", PICTURE, weights(4), weights(4))),
    ("LRN", one("LRN", PICTURE, size=3, alpha=0.3)),
    ("LayerNormalization", one("LayerNormalization", (2, 5, 8), weights(8), weights(8))),
    ("MatMul", one("MatMul", (2, 5, 8), weights(8, 3))),
    ("MatMul", two("MatMul", (2, 5, 5))),
    ("MaxPool", one("MaxPool", PICTURE, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))),
    ("Mish", one("Mish", PICTURE, opset=18)),
    ("Pad", one("Pad", PICTURE, integers(0, 0, 1, 2, 0, 0, 2, 1), mode="reflect")),
    ("Pad", one("Pad", PICTURE, integers(0, 0, 1, 2, 0, 0, 2, 1), np.float32(3))),
    ("Pow", one("Pow", PICTURE, np.float32(2))),
    ("Reshape", one("Reshape", PICTURE, integers(1, 2, 2, 48))),
    ("Resize", one("Resize", PICTURE, None, np.array([1, 1, 2, 2], np.float32), mode="linear")),
    ("Resize", one("Resize", PICTURE, None, np.array([1, 1, 2, 2], np.float32), mode="nearest")),
    ("Resize", one("Resize", PICTURE, None, None, integers(1, 4, 5, 13), mode="cubic")),
    ("Slice", one("Slice", PICTURE, integers(1), integers(6), integers(3), integers(2))),
    ("SpaceToDepth", one("SpaceToDepth", PICTURE, blocksize=2)),
    ("Split", drawn([helper.make_node("Split", ["x"], ["y", "z"], axis=1)], PICTURE, opset=11, outputs=("y", "z"))),
    ("Squeeze", one("Squeeze", (1, 4, 6), integers(0))),
    ("Tile", one("Tile", PICTURE, integers(1, 2, 1, 1))),
    ("TopK", drawn([helper.make_node("TopK", ["x", "k"], ["y", "i"])], PICTURE, {"k": integers(3)})),
    ("Transpose", one("Transpose", (2, 3, 4, 2, 3), perm=(4, 1, 3, 0, 2))),
    ("Unsqueeze", one("Unsqueeze", (4, 6), integers(0))),
    ("Upsample", one("Upsample", PICTURE, np.array([1, 1, 2, 2], np.float32), opset=9, mode="linear")),
]


def test_every_row_of_the_table_has_a_case():
    assert {kind for kind, _ in CASES} | set(POSITIVE) == set(RULES)


def test_the_older_runtime_answers_alike(tflite_runtime):
    kinds = [kind for kind, _ in CASES] + list(POSITIVE)
    made = [lowered(content) for _, content in CASES] + [lowered(one(kind, PICTURE), low=0.1) for kind in POSITIVE]
    found = tflite_runtime([(model.content, [model.feed]) for model in made])
    worst = [(kind, model.worst(answer[0])) for kind, model, answer in zip(kinds, made, found, strict=True)]
    assert [entry for entry in worst if not entry[1] <= 1e-4] == []
