"""Every operator gets its fate, with a reason where it does not run on the accelerator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from converters.delegates import delegate_reports, read_nodes
from device_profiles.delegate_files import delegate_names, load_delegate
from device_profiles.placement import Node, Value, check_delegate
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    from device_profiles.placement import DelegateReport


def value(name: str = "t", shape: tuple[int, ...] = (1, 8, 8, 4), dtype: str = "int8", **more: Any) -> Value:
    return Value(name, shape, dtype, **more)


def constant(array: Any, dtype: str = "int32") -> Value:
    data = np.asarray(array, "int8" if dtype == "int4" else dtype)
    return Value("c", data.shape, dtype, constant=True, data=data)


def node(kind: str, *inputs: Value | None, shape: tuple[int, ...] = (1, 8, 8, 4), **options: Any) -> Node:
    return Node(kind, inputs or (value(),), (value("out", shape),), options)


def edgetpu(*nodes: Node) -> DelegateReport:
    return check_delegate(load_delegate("edgetpu"), "tflite", nodes)


def fates(report: DelegateReport) -> list[str]:
    return [operator.fate for operator in report.operators]


def test_a_network_that_the_makers_compiler_mapped_whole_runs_whole(data: Path) -> None:
    home = data / "coral-test-data"
    compiled = schema.Model.GetRootAs((home / "mobilenet_v1_0.25_128_quant_edgetpu.tflite").read_bytes(), 0)
    assert compiled.Subgraphs(0).OperatorsLength() == 1
    nodes = read_nodes((home / "mobilenet_v1_0.25_128_quant.tflite").read_bytes(), "tflite")
    report = edgetpu(*nodes)
    assert report.fits
    assert report.counts == {"accelerator": 31, "processor": 0, "refused": 0, "unknown": 0}
    assert report.split is None


def test_a_compiled_network_is_refused_by_name(data: Path) -> None:
    compiled = (data / "coral-test-data" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite").read_bytes()
    with pytest.raises(BadInputError, match="already compiled for the EdgeTPU"):
        read_nodes(compiled, "tflite")


def test_a_float_network_stays_on_the_processor(data: Path) -> None:
    report = edgetpu(*read_nodes((data / "mlperf-tiny/vww_96_float.tflite").read_bytes(), "tflite"))
    assert set(fates(report)) == {"processor"}
    assert report.operators[0].reason == "wanted int8 or uint8, found float32"


def test_everything_after_the_first_foreign_operator_falls_back() -> None:
    report = edgetpu(node("RELU"), node("LEAKY_RELU"), node("RELU"))
    assert fates(report) == ["accelerator", "processor", "processor"]
    assert report.split == 1
    assert "comes after LEAKY_RELU at 1" in report.operators[2].reason


def test_a_conversion_at_the_start_does_not_end_the_run() -> None:
    into = Node("QUANTIZE", (value("in", dtype="float32"),), (value("out"),))
    report = edgetpu(into, node("RELU"))
    assert fates(report) == ["processor", "accelerator"]
    assert report.split is None


def test_int8_ends_are_advised_where_the_network_converts() -> None:
    assert (
        "give int8 inputs" in edgetpu(node("QUANTIZE", value(dtype="float32")), node("ADD", value(), value())).advice[0]
    )
    assert "8 MB" in edgetpu(node("ADD", value(), value())).advice[0]


def test_where_any_operator_may_fall_back_the_rest_stays() -> None:
    report = check_delegate(load_delegate("verisilicon"), "tflite", [node("RELU"), node("SEGMENT_SUM"), node("RELU")])
    assert fates(report) == ["accelerator", "processor", "accelerator"]
    assert report.split == 1


def test_a_microcontroller_refuses_what_it_has_no_kernel_for() -> None:
    report = check_delegate(load_delegate("tflm"), "tflite", [node("RELU"), node("GELU")])
    assert report.is_refused
    assert report.operators[1].fate == "refused"


def test_what_nobody_says_is_unknown_and_no_yes() -> None:
    report = check_delegate(load_delegate("hailo"), "onnx", [node("Einsum")])
    assert fates(report) == ["unknown"]
    assert not report.fits


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (node("MEAN", value(), constant([0, 1])), "works on axis 0"),
        (node("MEAN", value(), value("axes", (2,))), "computed"),
        (node("PAD", value(), constant([[1, 0], [0, 0], [0, 0], [0, 0]])), "works on axis 0"),
        (node("PACK", value(), axis=0), "works on axis 0"),
        (node("SOFTMAX", value("in", (1, 4, 10)), shape=(1, 4, 10)), "one dimension of at most 16000"),
        (node("SOFTMAX", value("in", (1, 16001)), shape=(1, 16001)), "one dimension of at most 16000"),
        (node("RELU", value("in", (3, 8, 8, 1))), "3 innermost axes longer than 1, found the shape 3×8×8×1"),
        (node("RELU", value("in", (-1, 8, 8, 4))), r"fixed shapes, found \?×8×8×4"),
        (node("CONV_2D", value(), value("weights")), "input 1 as a constant"),
        (node("AVERAGE_POOL_2D", value(), fused_activation_function="RELU"), "found RELU"),
        (node("CONV_2D", value(), constant(np.ones((4, 1, 1, 4)), "int4")), "input 1 in int8 as input 0, found int4"),
        (node("PRELU", value(), constant(np.ones((8, 8, 4)), "int8")), "input 1 per channel"),
        (
            node("FULLY_CONNECTED", value("in", (4, 8)), constant(np.ones((2, 8)), "int8"), shape=(4, 2)),
            "one dimension",
        ),
    ],
)
def test_a_limit_that_is_crossed_is_told(found: Node, reason: str) -> None:
    report = edgetpu(found)
    assert fates(report) == ["processor"]
    assert re.search(reason, report.operators[0].reason)


@pytest.mark.parametrize(
    "found",
    [
        node("MEAN", value(), constant([1, 2])),
        node("PAD", value(), constant([[0, 0], [1, 1], [1, 1], [0, 0]])),
        node("PACK", value(), axis=1),
        node("SOFTMAX", value("in", (1, 16000)), shape=(1, 16000)),
        node("AVERAGE_POOL_2D", value(), fused_activation_function="NONE"),
        node("PRELU", value(), constant(np.ones((1, 1, 4)), "int8")),
    ],
    ids=lambda found: found.kind,
)
def test_a_limit_that_is_kept_is_no_obstacle(found: Node) -> None:
    assert fates(edgetpu(found)) == ["accelerator"]


def test_a_scale_per_channel_is_seen() -> None:
    report = check_delegate(
        load_delegate("verisilicon"),
        "tflite",
        [Node("DEQUANTIZE", (value(per_channel=True),), (value("out", dtype="float32"),))],
    )
    assert "one per channel" in report.operators[0].reason


def test_a_form_that_it_does_not_read_is_an_error() -> None:
    with pytest.raises(BadInputError, match="wanted tflite for edgetpu, found onnx"):
        check_delegate(load_delegate("edgetpu"), "onnx", [])


def test_reports_leave_out_accelerators_of_another_form(data: Path) -> None:
    content = (data / "onnx/mnist/model.onnx").read_bytes()
    reports = delegate_reports(content, "onnx", [load_delegate(name) for name in delegate_names()])
    assert [report.delegate for report in reports] == ["hailo", "rknn", "tensorrt"]


def test_a_report_is_plain_data() -> None:
    document = edgetpu(node("RELU"), node("GELU")).as_document()
    assert document["fits"] is False
    assert document["split"] == 1
    assert document["operators"][0] == {
        "place": 0,
        "kind": "RELU",
        "output": "out",
        "fate": "accelerator",
        "reason": "",
    }
