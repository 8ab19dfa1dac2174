"""Zeros are counted where they lie: in filters that can be taken out, or among weights that stay."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.sparsity.onnx import onnx_sparsity
from converters.sparsity.zeros import sparsity


def convolution(data, quantization=None, kind="CONV_2D"):
    tensors = [
        Tensor("in", (1, 4, 4, 2), np.dtype("f4")),
        Tensor("w", data.shape, data.dtype, data, quantization),
        Tensor("out", (1, 4, 4, 4), np.dtype("f4")),
    ]
    return Graph({tensor.name: tensor for tensor in tensors}, [Operator(kind, ["in", "w"], ["out"])], ["in"], ["out"])


def test_structured_and_unstructured_zeros_are_told_apart():
    weights = np.ones((4, 1, 1, 2), np.float32)
    weights[0] = 0
    weights[1, 0, 0, 0] = 0
    found = sparsity(convolution(weights))
    assert (found.structured, found.unstructured, found.dense) == (2 / 8, 1 / 8, 5 / 8)
    assert (found.layers[0].filters, found.layers[0].dead_filters, found.layers[0].zeros) == (4, 1, 3)


def test_a_depthwise_filter_lies_along_its_last_axis():
    weights = np.ones((1, 3, 3, 4), np.float32)
    weights[..., 2] = 0
    assert sparsity(convolution(weights, kind="DEPTHWISE_CONV_2D")).layers[0].dead_filters == 1


def test_a_stored_weight_is_zero_at_its_zero_point():
    weights = np.full((4, 1, 1, 2), 3, np.uint8)
    weights[0, 0, 0, 0] = 4
    quantization = Quantization(np.asarray([0.1], np.float32), np.asarray([3], np.int64))
    assert sparsity(convolution(weights, quantization)).structured == pytest.approx(6 / 8)


def test_the_shares_are_the_whole_and_a_network_without_weights_is_dense():
    found = sparsity(Graph({}, [], [], []))
    assert (found.weights, found.dense, found.structured) == (0, 1.0, 0.0)
    document = sparsity(convolution(np.eye(4, 2, dtype=np.float32).reshape(4, 1, 1, 2))).as_document()
    assert document["dense"] + document["structured"] + document["unstructured"] == 1
    assert document["layers"][0]["name"] == "out"


def test_weights_that_are_stored_smaller_are_counted_too():
    graph = convolution(np.eye(4, 2, dtype=np.float16).reshape(4, 1, 1, 2))
    graph.tensors["real"] = Tensor("real", (4, 1, 1, 2), np.dtype("f4"))
    graph.operators[0].inputs[1] = "real"
    graph.operators.insert(0, Operator("DEQUANTIZE", ["w"], ["real"]))
    assert sparsity(graph).weights == 8
    assert sparsity(graph).structured == 4 / 8


def onnx_model(kind, weights, **attributes):
    node = helper.make_node(kind, ["x", "w"], ["y"], **attributes)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], [numpy_helper.from_array(weights, "w")])
    return helper.make_model(graph).SerializeToString()


@pytest.mark.parametrize(
    ("kind", "shape", "dead", "attributes"),
    [
        ("Conv", (4, 3, 3, 3), np.s_[1], {}),
        ("ConvTranspose", (3, 4, 3, 3), np.s_[:, 1], {}),
        ("Gemm", (5, 4), np.s_[:, 1], {}),
        ("Gemm", (4, 5), np.s_[1], {"transB": 1}),
        ("MatMul", (5, 4), np.s_[:, 1], {}),
    ],
)
def test_zero_filters_of_an_onnx_network_are_found_along_its_output_channels(kind, shape, dead, attributes):
    weights = np.ones(shape, np.float32)
    weights[dead] = 0
    (layer,) = onnx_sparsity(onnx_model(kind, weights, **attributes)).layers
    assert (layer.filters, layer.dead_filters, layer.dead_weights) == (4, 1, weights.size // 4)
