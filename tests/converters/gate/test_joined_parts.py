"""Which values of an output come from which part of what a float network joins, however it is laid out behind that."""

from types import SimpleNamespace

import numpy as np
import onnx
import pytest

from converters.gate.joined_parts import joined_parts
from converters.graph import Graph, Operator, Tensor
from converters.tflite import write_tflite

FLOAT32 = np.dtype(np.float32)


def of_tflite(shapes, operators, constants):
    """Of the last value of a network whose first two it is given."""
    tensors = {name: Tensor(name, shape, FLOAT32) for name, shape in shapes.items()}
    tensors |= {name: Tensor(name, data.shape, data.dtype, data) for name, data in constants.items()}
    model = write_tflite(Graph(tensors, operators, list(shapes)[:2], list(shapes)[-1:]))
    return joined_parts(SimpleNamespace(model=model, manifest=SimpleNamespace(runtime="tflite")))


def of_onnx(text):
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]> {text}')
    return joined_parts(SimpleNamespace(model=model.SerializeToString(), manifest=SimpleNamespace(runtime="onnx")))


BOXES_AND_SCORES = "g (float[{batch}, 4, 5] boxes, float[{batch}, 2, 5] logits) => (float[{batch}, {shape}] y)"


@pytest.mark.parametrize("batch", ["1", "N"])
@pytest.mark.parametrize(
    ("shape", "behind", "scores"),
    [
        ("6, 5", "y = Identity(z)", np.arange(20, 30)),
        ("30", "y = Flatten(z)", np.arange(20, 30)),
        ("5, 6", "y = Transpose<perm = [0, 2, 1]>(z)", np.arange(30).reshape(5, 6)[:, 4:].reshape(-1)),
    ],
)
def test_the_parts_of_an_onnx_output_are_followed_through_its_layout(batch, shape, behind, scores):
    head = BOXES_AND_SCORES.format(batch=batch, shape=shape)
    (parts,) = of_onnx(f"{head} {{ s = Sigmoid(logits) z = Concat<axis = 1>(boxes, s) {behind} }}").values()
    np.testing.assert_array_equal(parts["s"], scores)
    np.testing.assert_array_equal(np.sort(np.concatenate([parts["boxes"], scores])), np.arange(30))


def test_parts_that_are_joined_scale_by_scale_keep_their_names():
    text = """g (float[1, 2, 3] a, float[1, 2, 1] b) => (float[1, 4, 4] y) {
        s = Sigmoid(b) t = Sigmoid(s) near = Concat<axis = -1>(a, s) far = Concat<axis = -1>(a, t)
        y = Concat<axis = 1>(near, far) }"""
    parts = of_onnx(text)["y"]
    assert {name: places.tolist() for name, places in parts.items()} == {
        "a": [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14],
        "s": [3, 7],
        "t": [11, 15],
    }


def test_an_onnx_output_that_joins_nothing_has_no_parts():
    assert of_onnx("g (float[1, 4] x) => (float[4, 1] y) { z = Relu(x) y = Transpose(z) }") == {}


def test_an_onnx_size_that_the_file_leaves_open_gives_no_parts():
    text = "g (float[1, 4] x, int64[2] s) => (float[2, 4] y) { z = Reshape(x, s) y = Concat<axis = 0>(z, x) }"
    assert of_onnx(text) == {}


def test_the_parts_of_a_tflite_output_are_followed_through_its_layout():
    shapes = {"a": (-1, 2, 3), "b": (-1, 2, 1), "ab": (-1, 2, 4), "turned": (-1, 4, 2), "y": (8,)}
    operators = [
        Operator("CONCATENATION", ["a", "b"], ["ab"], {"axis": -1}),
        Operator("TRANSPOSE", ["ab", "order"], ["turned"]),
        Operator("RESHAPE", ["turned", "size"], ["y"]),
    ]
    parts = of_tflite(shapes, operators, {"order": np.array([0, 2, 1], "i4"), "size": np.array([8], "i4")})
    assert {name: places.tolist() for name, places in parts["y"].items()} == {"a": [0, 1, 2, 3, 4, 5], "b": [6, 7]}


def test_packed_parts_are_told_apart():
    operators = [Operator("PACK", ["a", "b"], ["y"], {"axis": 2, "values_count": 2})]
    parts = of_tflite({"a": (1, 3), "b": (1, 3), "y": (1, 3, 2)}, operators, {})
    assert {name: places.tolist() for name, places in parts["y"].items()} == {"a": [0, 2, 4], "b": [1, 3, 5]}
