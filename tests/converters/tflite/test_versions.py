"""Operators declare the lowest version that can do what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import read_tflite, write_tflite
from converters.tflite.types import INT4, stored_bytes, stored_size, values_of
from converters.tflite.versions import operator_version

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = (1, 8, 8, 4)


def version(kind: str, inputs: list[tuple[str, tuple[int, ...]]], output: str, **options: Any) -> int:
    tensors = {f"in{place}": _tensor(f"in{place}", dtype, shape) for place, (dtype, shape) in enumerate(inputs)}
    graph = Graph({**tensors, "out": _tensor("out", output, IMAGE)}, [], list(tensors), ["out"])
    return operator_version(Operator(kind, list(tensors), ["out"], options), graph)


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, shape, np.dtype(dtype))


@pytest.mark.parametrize(
    ("kind", "inputs", "output", "options", "wanted"),
    [
        ("CONV_2D", [("f4", IMAGE), ("f4", (6, 3, 3, 4)), ("f4", (6,))], "f4", {}, 1),
        ("CONV_2D", [("i1", IMAGE), ("i1", (6, 3, 3, 4)), ("i4", (6,))], "i1", {}, 3),
        ("CONV_2D", [("f4", IMAGE), ("i1", (6, 3, 3, 4)), ("f4", (6,))], "f4", {}, 2),
        ("CONV_2D", [("f4", IMAGE), ("f4", (6, 3, 3, 2)), ("f4", (6,))], "f4", {}, 6),
        ("DEPTHWISE_CONV_2D", [("f4", IMAGE), ("f4", (1, 3, 3, 4)), ("f4", (4,))], "f4", {"dilation_h_factor": 2}, 2),
        ("FULLY_CONNECTED", [("i1", (1, 4)), ("i1", (2, 4)), ("i4", (2,))], "i1", {}, 4),
        ("FULLY_CONNECTED", [("f4", (1, 4)), ("f4", (2, 4))], "f4", {}, 6),
        ("BATCH_MATMUL", [("f4", IMAGE), ("f4", IMAGE)], "f4", {}, 1),
        ("BATCH_MATMUL", [("i1", IMAGE), ("i1", IMAGE)], "i1", {}, 2),
        ("DEQUANTIZE", [("f2", IMAGE)], "f4", {}, 3),
        ("DEQUANTIZE", [("i1", IMAGE)], "f4", {}, 2),
        ("RESIZE_BILINEAR", [("f4", IMAGE), ("i4", (2,))], "f4", {"half_pixel_centers": True}, 3),
        ("PAD", [("f4", (1, 1, 1, 1, 4)), ("i4", (5, 2))], "f4", {}, 4),
        ("BROADCAST_TO", [("f4", IMAGE), ("i4", (4,))], "f4", {}, 2),
        ("SQRT", [("f4", IMAGE)], "f4", {}, 1),
    ],
)
def test_an_operator_declares_the_lowest_version_that_can(
    kind: str, inputs: list[tuple[str, tuple[int, ...]]], output: str, options: dict[str, Any], wanted: int
) -> None:
    assert version(kind, inputs, output, **options) == wanted


def test_a_product_that_rescales_up_says_so() -> None:
    scales = {"in0": 0.5, "in1": 0.5, "out": 0.1}
    tensors = {
        name: Tensor(
            name, IMAGE, np.dtype("i1"), None, Quantization(np.array([scale], np.float32), np.zeros(1, np.int64))
        )
        for name, scale in scales.items()
    }
    graph = Graph(tensors, [], ["in0", "in1"], ["out"])
    assert operator_version(Operator("MUL", ["in0", "in1"], ["out"]), graph) == 3


@pytest.mark.parametrize(
    "name",
    ["mlperf-tiny/vww_96_int8.tflite", "mlperf-tiny/kws_ref_model.tflite", "mlperf-tiny/pretrainedResnet_quant.tflite"],
)
def test_real_files_keep_the_versions_that_tensorflow_gave_them(data: Path, name: str) -> None:
    content = (data / name).read_bytes()
    assert _versions(write_tflite(read_tflite(content))) == _versions(content)


def _versions(content: bytes) -> set[tuple[int, int]]:
    """Code and version of every operator that the file uses."""
    model = schema.Model.GetRootAs(content, 0)
    subgraph = model.Subgraphs(0)
    used = {subgraph.Operators(place).OpcodeIndex() for place in range(subgraph.OperatorsLength())}
    codes = [model.OperatorCodes(place) for place in used]
    return {(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), code.Version()) for code in codes}


@pytest.mark.parametrize(("kind", "version"), [("CONV_2D", 7), ("DEPTHWISE_CONV_2D", 7), ("FULLY_CONNECTED", 10)])
def test_weights_of_four_bits_ask_for_a_version(kind, version):
    tensors = {"x": np.dtype("i1"), "w": INT4, "b": np.dtype("i4"), "y": np.dtype("i1")}
    graph = Graph({name: Tensor(name, (2, 2), dtype) for name, dtype in tensors.items()}, [], ["x"], ["y"])
    assert operator_version(Operator(kind, ["x", "w", "b"], ["y"]), graph) == version


@given(st.lists(st.integers(-8, 7), min_size=1, max_size=9))
def test_four_bits_are_stored_two_per_byte(values):
    packed = stored_bytes(np.array(values).astype(INT4))
    assert len(packed) == stored_size((len(values),), INT4) == (len(values) + 1) // 2
    assert packed[0] & 0x0F == values[0] % 16
    np.testing.assert_array_equal(values_of(memoryview(packed), (len(values),), INT4).astype(int), values)
