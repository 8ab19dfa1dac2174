"""An ONNX model's operators, with the shapes, types and constants that rules ask for."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from converters.delegates import read_nodes
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate
from edge_contracts.errors import BadInputError


def pairs_around_relu(zero_point: int, dtype: type[np.generic]) -> bytes:
    scale = onnx.numpy_helper.from_array(np.float32(0.5), "scale")
    zero = onnx.numpy_helper.from_array(np.asarray(zero_point, dtype), "zero")
    nodes = [
        onnx.helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["stored"]),
        onnx.helper.make_node("DequantizeLinear", ["stored", "scale", "zero"], ["real"]),
        onnx.helper.make_node("Relu", ["real"], ["y"]),
    ]
    shape = [1, 4]
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("x", "y")]
    graph = onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], [scale, zero])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    model.ir_version = 8
    return model.SerializeToString()


def test_shapes_and_types_of_what_flows_are_inferred() -> None:
    nodes = read_nodes(pairs_around_relu(0, np.int8), "onnx")
    assert [node.kind for node in nodes] == ["QuantizeLinear", "DequantizeLinear", "Relu"]
    assert nodes[0].outputs[0].dtype == "int8"
    assert nodes[2].activations[0].shape == (1, 4)
    assert nodes[0].inputs[1] is not None
    assert nodes[0].inputs[1].constant


def test_tensorrt_runs_symmetric_pairs() -> None:
    assert check_delegate(load_delegate("tensorrt"), "onnx", read_nodes(pairs_around_relu(0, np.int8), "onnx")).fits


@pytest.mark.parametrize(("zero_point", "dtype", "found"), [(3, np.int8, "found 3"), (0, np.uint8, "found uint8")])
def test_tensorrt_leaves_asymmetric_and_unsigned_pairs(zero_point: int, dtype: type[np.generic], found: str) -> None:
    nodes = read_nodes(pairs_around_relu(zero_point, dtype), "onnx")
    report = check_delegate(load_delegate("tensorrt"), "onnx", nodes)
    reasons = [operator.reason for operator in report.operators if operator.reason]
    assert reasons
    assert any(found in reason for reason in reasons)


@pytest.mark.parametrize("asked", [["y"], ["y", "mask"]])
def test_a_mask_that_nobody_reads_decides_nothing(asked: list[str]) -> None:
    """Old exports name the mask that training would read, and ONNX infers no type for it."""
    flowing = {
        name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4]) for name in ("x", "y", "mask")
    }
    dropout = onnx.helper.make_node("Dropout", ["x"], ["y", "mask"])
    graph = onnx.helper.make_graph([dropout], "g", [flowing["x"]], [flowing[name] for name in asked])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 7)], ir_version=8)
    (node,) = read_nodes(model.SerializeToString(), "onnx")
    assert [value.name for value in node.outputs] == asked
    assert check_delegate(load_delegate("tensorrt"), "onnx", [node]).fits


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(BadInputError, match="whole ONNX model"):
        read_nodes(pairs_around_relu(0, np.int8)[:-40], "onnx")
