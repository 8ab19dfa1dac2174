"""What each maker limits in ONNX models: a network just inside runs on the accelerator, one just outside does not.

The files are read as `lepton convert` reads what it made: a user's file must besides have float inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx.helper import make_node

from converters.delegates.onnx_nodes import own_onnx_nodes
from device_profiles.delegate_files import delegate_names, load_delegate
from device_profiles.placement import check_delegate
from tests.fakes.lone_operators import onnx_of

Row = tuple[str, str, bytes, bytes, str]
"""The accelerator, the limit, a file inside of it, one outside, and the fate of that one."""

PICTURE = (1, 3, 8, 8)
INT64, INT32 = onnx.TensorProto.INT64, onnx.TensorProto.INT32
UINT8, DOUBLE = onnx.TensorProto.UINT8, onnx.TensorProto.DOUBLE
FLOAT = np.float32


def lone(
    kind: str, *stored: Any, shape: tuple[int | str, ...] = PICTURE, dtype: int = onnx.TensorProto.FLOAT, **options: Any
) -> bytes:
    """One operator on `x` and these constants."""
    constants = {f"c{place}": data for place, data in enumerate(stored)}
    return onnx_of([make_node(kind, ["x", *constants], ["y"], **options)], shape, constants, dtype=dtype)


def conv(*kernel: int, **options: Any) -> bytes:
    shape = (1, 3, *(8 for _ in kernel))
    return lone("Conv", np.ones((4, 3, *kernel), FLOAT), shape=shape, **options)


def computed_weights() -> bytes:
    """A Conv on its own input."""
    return onnx_of([make_node("Relu", ["x"], ["k"]), make_node("Conv", ["x", "k"], ["y"])], PICTURE)


def drawn_weights() -> bytes:
    nodes = [make_node("RandomUniformLike", ["c"], ["k"]), make_node("Conv", ["x", "k"], ["y"])]
    return onnx_of(nodes, PICTURE, {"c": np.ones((4, 3, 3, 3), FLOAT)})


def weights_through(*kinds: str) -> bytes:
    """A Conv whose weights these operators make of a constant, one after the other."""
    quantised = kinds[0] == "DequantizeLinear"
    constants = {"c": np.ones((4, 3, 3, 3), np.int8 if quantised else FLOAT), "s": FLOAT(0.1), "z": np.int8(0)}
    names = ["c", *(f"k{place}" for place in range(len(kinds)))]
    nodes = [
        make_node(kind, [name, "s", "z"] if "Linear" in kind else [name], [after])
        for kind, name, after in zip(kinds, names, names[1:], strict=False)
    ]
    return onnx_of([*nodes, make_node("Conv", ["x", names[-1]], ["y"])], PICTURE, constants)


def filled_weights() -> bytes:
    nodes = [make_node("ConstantOfShape", ["c"], ["k"]), make_node("Conv", ["x", "k"], ["y"])]
    return onnx_of(nodes, PICTURE, {"c": np.array([4, 3, 3, 3])})


def pool(outputs: tuple[str, ...] = ("y",), shape: tuple[int | str, ...] = PICTURE, **options: Any) -> bytes:
    settings = {"kernel_shape": [2] * (len(shape) - 2)} | options
    return onnx_of([make_node("MaxPool", ["x"], list(outputs), **settings)], shape)


def pooled(side: int, stride: int) -> bytes:
    return pool(kernel_shape=[side] * 2, strides=[stride] * 2, pads=[side // 2] * 4)


def resized(*factors: float, mode: str = "nearest", **options: Any) -> bytes:
    node = make_node("Resize", ["x", "", "s"], ["y"], mode=mode, **options)
    return onnx_of([node], PICTURE, {"s": np.array([1, 1, *factors], FLOAT)})


def sized(side: int) -> bytes:
    node = make_node("Resize", ["x", "", "", "s"], ["y"], mode="nearest")
    return onnx_of([node], PICTURE, {"s": np.array([1, 3, side, side])})


def sliced(*, is_computed: bool) -> bytes:
    ends = {"from": np.array([0]), "to": np.array([4]), "axes": np.array([2])}
    nodes = [make_node("Slice", ["x", "from", "to", "found" if is_computed else "axes"], ["y"])]
    if is_computed:
        nodes[:0] = [make_node("Shape", ["x"], ["found"])]
    return onnx_of(nodes, PICTURE, ends)


def quantized(zero: Any) -> bytes:
    return lone("QuantizeLinear", FLOAT(0.1), zero)


def normalized(*shape: int) -> bytes:
    return lone("InstanceNormalization", np.ones(3, FLOAT), np.ones(3, FLOAT), shape=shape)


def recurrent(direction: str, directions: int) -> bytes:
    weights = [np.ones((directions, 4, size), FLOAT) for size in (8, 4)]
    return lone("RNN", *weights, shape=(3, 1, 8), hidden_size=4, direction=direction)


def ranged(*, is_computed: bool) -> bytes:
    names = ["x" if is_computed else "from", "to", "by"]
    ends = {"from": FLOAT(0), "to": FLOAT(4), "by": FLOAT(1)}
    return onnx_of([make_node("Range", names, ["r"]), make_node("Add", ["x", "r"], ["y"])], (), ends)


RKNN: list[tuple[str, bytes, bytes, str]] = [
    ("types", lone("Relu"), lone("Relu", dtype=DOUBLE), "processor"),
    ("batch_of_one", pool(), pool(shape=(2, 3, 8, 8)), "processor"),
    ("batch_of_one", pool(), pool(shape=("n", 3, 8, 8)), "unknown"),
    ("max_options", pool(kernel_shape=[7, 7]), pool(kernel_shape=[8, 8]), "processor"),
    ("max_options", pool(strides=[8, 8]), pool(strides=[1, 9]), "processor"),
    ("options", pool(auto_pad="NOTSET"), pool(auto_pad="SAME_UPPER"), "processor"),
    ("options", resized(2, 2), resized(2, 2, mode="cubic"), "processor"),
    ("max_whole_scale", resized(8, 8), resized(9, 9), "processor"),
    ("max_whole_scale", resized(2, 2), resized(2.5, 2.5), "processor"),
    ("max_whole_scale", resized(2, 2), resized(16, 16), "processor"),
    ("max_whole_scale", resized(2, 2), resized(0.5, 0.5), "processor"),
    ("max_whole_scale", sized(64), sized(20), "processor"),
]  # fmt: skip

HAILO: list[tuple[str, bytes, bytes, str]] = [
    ("kernel_strides", conv(3, 3), conv(5, 5), "unknown"),
    ("kernel_strides", conv(3, 3, strides=[2, 2]), conv(3, 3, strides=[3, 3]), "unknown"),
    ("kernel_strides", conv(1, 1, strides=[2, 2]), conv(1, 3), "unknown"),
    ("kernel_strides", conv(7, 7, strides=[2, 2]), conv(7, 7), "unknown"),
    ("kernel_strides", conv(6, 6, strides=[2, 2]), conv(6, 6, strides=[2, 1]), "unknown"),
    ("kernel_strides", pooled(3, 2), pooled(3, 1), "unknown"),
    ("kernel_strides", pooled(5, 1), pooled(5, 2), "unknown"),
    ("kernel_strides", pooled(13, 1), pooled(7, 1), "unknown"),
    ("dilations", conv(3, 3), conv(3, 3, dilations=[2, 2]), "unknown"),
    ("spatial_dimensions", conv(3, 3), conv(3), "unknown"),
    (
        "max_outputs",
        pool(kernel_shape=[3, 3], strides=[2, 2]),
        pool(("y", "i"), kernel_shape=[3, 3], strides=[2, 2]),
        "unknown",
    ),
    ("max_whole_scale", resized(2, 2), resized(3, 3), "unknown"),
    ("options", resized(2, 2), resized(2, 2, mode="linear"), "unknown"),
]

TENSORRT: list[tuple[str, bytes, bytes, str]] = [
    ("types", lone("Cast", to=1), lone("Cast", dtype=UINT8, to=1), "processor"),
    ("input_types", lone("Relu"), lone("Relu", dtype=INT32), "processor"),
    ("input_types", lone("ReduceSum"), lone("ReduceSum", dtype=INT64), "processor"),
    ("output_types", quantized(np.int8(0)), lone("QuantizeLinear", FLOAT(0.1)), "processor"),
    ("zero_inputs", quantized(np.int8(0)), quantized(np.int8(3)), "processor"),
    ("spatial_dimensions", conv(3, 3), conv(3), "processor"),
    ("spatial_dimensions", conv(3, 3, 3), conv(3, 3, 3, 3), "processor"),
    ("spatial_dimensions", pool(), pool(shape=(1, 3, 8)), "processor"),
    ("constant_inputs", conv(3, 3), computed_weights(), "processor"),
    ("constant_inputs", weights_through("DequantizeLinear"), computed_weights(), "processor"),
    ("constant_inputs", weights_through("QuantizeLinear", "DequantizeLinear"), computed_weights(), "processor"),
    ("constant_inputs", weights_through("Identity"), drawn_weights(), "processor"),
    ("constant_inputs", filled_weights(), computed_weights(), "processor"),
    ("constant_inputs", sliced(is_computed=False), sliced(is_computed=True), "processor"),
    ("max_outputs", pool(), pool(("y", "i")), "processor"),
    ("options", resized(2.5, 2.5, mode="linear"), resized(2, 2, mode="cubic"), "processor"),
    ("options", resized(2, 2), resized(2, 2, coordinate_transformation_mode="tf_crop_and_resize"), "processor"),
    ("options", recurrent("reverse", 1), recurrent("bidirectional", 2), "unknown"),
    ("constant_inputs", ranged(is_computed=False), ranged(is_computed=True), "unknown"),
    ("min_rank", normalized(1, 3, 8), normalized(1, 3), "processor"),
    ("max_rank", normalized(1, 3, 8, 8, 8), normalized(1, 3, 8, 8, 8, 8), "processor"),
    (
        "fixed_shapes",
        lone("ReverseSequence", np.array([8, 8, 8]), shape=(8, 3)),
        lone("ReverseSequence", np.array([8, 8, 8]), shape=("n", 3)),
        "processor",
    ),
]  # fmt: skip

ROWS: list[Row] = [
    (name, *row) for name, rows in (("hailo", HAILO), ("rknn", RKNN), ("tensorrt", TENSORRT)) for row in rows
]
IDS = [f"{place}-{name}-{limit}" for place, (name, limit, *_) in enumerate(ROWS)]


def test_each_limit_of_each_accelerator_is_tried_here() -> None:
    named = {
        (name, limit)
        for name in delegate_names()
        if (rules := load_delegate(name).rules.get("onnx")) is not None
        for limits in (rules.every, *(rule.limits for rule in rules.operators))
        for limit in limits.model_dump(exclude_defaults=True, exclude={"source"})
    }
    assert {(name, limit) for name, limit, *_ in ROWS} == named


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_network_just_inside_runs(row: Row) -> None:
    name, _, inside, _, _ = row
    told = check_delegate(load_delegate(name), "onnx", own_onnx_nodes(inside))
    assert told.fits or name == "rknn", told.operators
    assert told.operators[-1].fate == "accelerator"


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_network_just_outside_does_not_and_is_told_why(row: Row) -> None:
    name, _, _, outside, fate = row
    operators = check_delegate(load_delegate(name), "onnx", own_onnx_nodes(outside)).operators
    told = [operator for operator in operators if operator.fate != "accelerator"]
    assert [(operator.fate, operator.reason[:7]) for operator in told] == [(fate, "wanted ")]


def test_a_batch_that_one_maker_refuses_is_refused_and_a_smaller_one_unknown() -> None:
    def fate(batch: int) -> str:
        nodes = own_onnx_nodes(lone("Softmax", shape=(batch, 10)))
        return check_delegate(load_delegate("rknn"), "onnx", nodes).operators[0].fate

    assert (fate(1), fate(2)) == ("unknown", "refused")
