"""A small real ONNX classifier: the brighter the picture, the surer it is `bright`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edge_contracts.bundle import file_entries, write_bundle
from edge_contracts.manifest import ClassRule, ImageInput, Manifest, Output

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

SIDE = 8
STEEPNESS = 20.0


def padded_maximum(pads: int = 1, *, convolved: bool = False) -> bytes:
    """float32 `x` 1×1×8×8 → `y`: a Pad of zeros, then a MaxPool of 2×2; a Conv by 1 before them where that is asked."""
    nodes = [
        helper.make_node("Pad", ["c" if convolved else "x", "pads"], ["padded"], mode="constant"),
        helper.make_node("MaxPool", ["padded"], ["y"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    constants = [helper.make_tensor("pads", TensorProto.INT64, [8], [0, 0, pads, pads] * 2)]
    if convolved:
        nodes.insert(0, helper.make_node("Conv", ["x", "w"], ["c"]))
        constants.append(helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 1, 1], [1.0]))
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, SIDE, SIDE]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, SIDE // 2 + pads, SIDE // 2 + pads]),
    ]
    graph = helper.make_graph(nodes, "maximum", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def detector(pixels: float) -> bytes:
    """float32 `x` 1×3×16×16 → `y` 1×6×64: four sides from 0 to `pixels` and two scores from 0 to 1 for each cell."""
    rng = np.random.default_rng(3)
    shapes = {"seeing": (8, 3, 2, 2), "placing": (4, 8, 1, 1), "scoring": (2, 8, 1, 1)}
    constants = [
        numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name) for name, shape in shapes.items()
    ]
    constants += [
        helper.make_tensor("pixels", TensorProto.FLOAT, [], [pixels]),
        helper.make_tensor("rows", TensorProto.INT64, [3], [1, 6, 64]),
    ]
    nodes = [
        helper.make_node("Conv", ["x", "seeing"], ["features"], strides=[2, 2]),
        helper.make_node("Conv", ["features", "placing"], ["placed"]),
        helper.make_node("Sigmoid", ["placed"], ["shares"]),
        helper.make_node("Mul", ["shares", "pixels"], ["sides"]),
        helper.make_node("Conv", ["features", "scoring"], ["scored"]),
        helper.make_node("Sigmoid", ["scored"], ["scores"]),
        helper.make_node("Concat", ["sides", "scores"], ["joined"], axis=1),
        helper.make_node("Reshape", ["joined", "rows"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 16, 16]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6, 64]),
    ]
    graph = helper.make_graph(nodes, "detector", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def largest_int8_products() -> bytes:
    """float32 `x` 1×8 → `y` 1×4 by a MatMul of uint8 with int8 weights of 127; each scale but `y`'s is 1."""
    scales = {"one": 1.0, "wide": 8 * 255 * 127 / 255}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "one", "zero"], ["stored"]),
        helper.make_node("DequantizeLinear", ["stored", "one", "zero"], ["real"]),
        helper.make_node("DequantizeLinear", ["w", "one", "zero_weight"], ["weights"]),
        helper.make_node("MatMul", ["real", "weights"], ["product"]),
        helper.make_node("QuantizeLinear", ["product", "wide", "zero"], ["answer"]),
        helper.make_node("DequantizeLinear", ["answer", "wide", "zero"], ["y"]),
    ]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4]),
    ]
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in scales.items()]
    constants += [
        helper.make_tensor("zero", TensorProto.UINT8, [], [0]),
        helper.make_tensor("zero_weight", TensorProto.INT8, [], [0]),
        helper.make_tensor("w", TensorProto.INT8, [8, 4], [127] * 32),
    ]
    graph = helper.make_graph(nodes, "products", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def one_weight_twice() -> bytes:
    """float32 `x` 1×8 → `y` 1×8: two MatMuls that share a float weight of 8×8, a Relu between them."""
    weight = np.random.default_rng(5).normal(0, 0.3, (8, 8)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["first"]),
        helper.make_node("Relu", ["first"], ["positive"]),
        helper.make_node("MatMul", ["positive", "w"], ["y"]),
    ]
    return _eight_to_eight(nodes, [numpy_helper.from_array(weight, "w")])


def one_int8_weight_twice() -> bytes:
    """float32 `x` 1×8 → `y` 1×8: two int8 MatMuls read one DequantizeLinear of one weight, as 0.1's quantiser wrote it.

    Each weight is 127 and each of `x` is 0 to 255 in steps of 1; `y` is 8·127·8·127 times as much.
    """
    reach = 8 * 127.0
    nodes = [helper.make_node("DequantizeLinear", ["w", "one", "zero_weight"], ["weights"])]
    for source, step, answer in (("x", "one", "hidden"), ("hidden", "wide", "last")):
        nodes += [
            helper.make_node("QuantizeLinear", [source, step, "zero"], [f"{source}_stored"]),
            helper.make_node("DequantizeLinear", [f"{source}_stored", step, "zero"], [f"{source}_real"]),
            helper.make_node("MatMul", [f"{source}_real", "weights"], [answer]),
        ]
    nodes += [
        helper.make_node("QuantizeLinear", ["last", "widest", "zero"], ["last_stored"]),
        helper.make_node("DequantizeLinear", ["last_stored", "widest", "zero"], ["y"]),
    ]
    steps = {"one": 1.0, "wide": reach, "widest": reach * reach}
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in steps.items()]
    constants += [
        helper.make_tensor("zero", TensorProto.UINT8, [], [0]),
        helper.make_tensor("zero_weight", TensorProto.INT8, [], [0]),
        helper.make_tensor("w", TensorProto.INT8, [8, 8], [127] * 64),
    ]
    return _eight_to_eight(nodes, constants)


def _eight_to_eight(nodes: list[Any], constants: list[Any]) -> bytes:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 8]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "shared", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def gemm(weights: Array, bias: Array, rows: int, beta: float = 1.0) -> bytes:
    """float32 `x` rows×K → `y` rows×N: x times K×N weights and beta times a bias of any shape that Gemm takes."""
    node = helper.make_node("Gemm", ["x", "w", "b"], ["y"], beta=beta)
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, weights.shape[0]]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [rows, weights.shape[1]]),
    ]
    constants = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")]
    graph = helper.make_graph([node], "gemm", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def marked_best() -> bytes:
    """float32 `x` 1×8 → `y` 1×4: a MatMul, then a Hardmax, which few accelerators know."""
    weights = [float(place % 5) - 2 for place in range(32)]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Hardmax", ["m"], ["y"])]
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4]),
    ]
    constants = [helper.make_tensor("w", TensorProto.FLOAT, [8, 4], weights)]
    graph = helper.make_graph(nodes, "best", ends[:1], ends[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def brightness_classifier() -> bytes:
    """float32 1×3×8×8 (0 to 1) → logits 1×2 for dark and bright; equal at half brightness."""
    weights = [STEEPNESS * sign / 3 for sign in (-1, 1) for _ in range(3)]
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
            helper.make_node("Conv", ["mean", "weights", "bias"], ["pixels"]),
            helper.make_node("Flatten", ["pixels"], ["logits"]),
        ],
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 2])],
        [
            helper.make_tensor("weights", TensorProto.FLOAT, [2, 3, 1, 1], weights),
            helper.make_tensor("bias", TensorProto.FLOAT, [2], [STEEPNESS / 2, -STEEPNESS / 2]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    content: bytes = onnx.ModelProto.SerializeToString(model)
    return content


def write_onnx_bundle(path: Path) -> str:
    """A bundle that calls bright parts good; returns its digest."""
    members = {"model.onnx": brightness_classifier()}
    manifest = Manifest(
        name="bright",
        sequence=1,
        task="classification",
        labels=("dark", "bright"),
        precision="float32",
        profile="x86-64",
        runtime="onnx",
        input=ImageInput(
            tensor="image", height_px=SIDE, width_px=SIDE, layout="NCHW", dtype="float32", std=(255.0,), resize="area"
        ),
        outputs=(Output(tensor="logits", role="logits", shape=(1, 2), dtype="float32"),),
        rule=ClassRule(good=("bright",), min_confidence=0.8),
        files=file_entries(members),
    )
    return write_bundle(path, manifest, members)
