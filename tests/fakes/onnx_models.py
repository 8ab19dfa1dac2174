"""A small real ONNX classifier: the brighter the picture, the surer it is `bright`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto, helper

from edge_contracts.bundle import file_entries, write_bundle
from edge_contracts.manifest import ClassRule, ImageInput, Manifest, Output

if TYPE_CHECKING:
    from pathlib import Path

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
