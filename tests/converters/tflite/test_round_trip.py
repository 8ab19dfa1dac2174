"""What a TFLite file says goes in, comes out again, and a bad file is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (
    "mlperf-tiny/kws_ref_model_float32.tflite",
    "mlperf-tiny/kws_ref_model.tflite",
    "mlperf-tiny/vww_96_float.tflite",
    "mlperf-tiny/pretrainedResnet.tflite",
    "mlperf-tiny/ad01_fp32.tflite",
    "tflite-micro/trained_lstm_int8.tflite",
    "tflite-support/yamnet_audio_classifier_with_metadata.tflite",
    "onnx/ultraface-RFB-320_without_postprocessing.tflite",
    "coral-test-data/tf2_mobilenet_v2_1.0_224_ptq.tflite",
)


def plain(graph: Graph) -> dict[str, Any]:
    """A graph as values that `==` compares, numbers that are none (NaN) among them."""
    return {
        "tensors": {name: plain_tensor(tensor) for name, tensor in graph.tensors.items()},
        "operators": repr(graph.operators),
        "ends": (graph.inputs, graph.outputs, graph.name),
    }


def plain_tensor(tensor: Tensor) -> tuple[Any, ...]:
    parameters = tensor.quantization
    return (
        tensor.shape,
        tensor.dtype,
        tensor.is_variable,
        None if tensor.data is None else tensor.data.tobytes(),
        None if parameters is None else (parameters.scale.tobytes(), parameters.zero_point.tolist(), parameters.axis),
    )


NAMES = st.characters(exclude_categories=["Cs"], exclude_characters=["\0"])
"""What a name may hold: runtimes keep names as C strings."""


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A chain of additions with every kind of constant, quantisation and name that a file may hold."""
    width = draw(st.integers(1, 5))
    graph = Graph(tensors={}, operators=[], inputs=["in"], outputs=[], name=draw(st.text(min_size=1, max_size=5)))
    graph.tensors["in"] = Tensor("in", (draw(st.sampled_from([1, 2, -1])), width), np.dtype("f4"))
    before = "in"
    for place in range(draw(st.integers(1, 4))):
        constant, result = f"c{place}", f"{draw(st.text(NAMES, max_size=4))}/{place}"
        dtype = np.dtype(draw(st.sampled_from(["f4", "f2", "i1", "u1", "i2", "i4", "i8", "?", "int4"])))
        values = draw(st.lists(st.integers(0, 1), min_size=width, max_size=width))
        scales = draw(st.sampled_from([0, 1, width]))
        quantization = Quantization(np.full(scales, 0.5, np.float32), np.arange(scales)) if scales else None
        graph.tensors[constant] = Tensor(constant, (width,), dtype, np.array(values, dtype), quantization)
        graph.tensors[result] = Tensor(result, graph.tensors["in"].shape, np.dtype("f4"))
        activation = draw(st.sampled_from(["NONE", "RELU", "RELU6"]))
        options = {"fused_activation_function": activation, "pot_scale_int16": draw(st.booleans())}
        graph.operators.append(Operator("ADD", [before, constant], [result], options))
        before = result
    graph.outputs.append(before)
    return graph


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_a_written_graph_reads_back_equal(graph: Graph) -> None:
    assert plain(read_tflite(write_tflite(graph))) == plain(graph)


@given(graphs())
@settings(max_examples=20, deadline=None)
def test_the_same_graph_gives_the_same_bytes(graph: Graph) -> None:
    assert write_tflite(graph) == write_tflite(graph)


@pytest.mark.parametrize("name", [*MODELS, "tflite-micro/person_detect.tflite"])
def test_a_real_model_survives_reading_and_writing(data: Path, name: str) -> None:
    graph = read_tflite((data / name).read_bytes())
    assert plain(read_tflite(write_tflite(graph))) == plain(graph)


@pytest.mark.parametrize("name", MODELS)
def test_a_rewritten_model_gives_the_same_answer_and_is_no_larger(data: Path, name: str) -> None:
    original = (data / name).read_bytes()
    rewritten = write_tflite(read_tflite(original))
    assert len(rewritten) <= len(original)
    for expected, found in zip(_answers(original), _answers(rewritten), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_every_buffer_starts_on_sixteen_bytes(data: Path) -> None:
    content = write_tflite(read_tflite((data / "mlperf-tiny/kws_ref_model.tflite").read_bytes()))
    model = schema.Model.GetRootAs(content, 0)
    buffers = [model.Buffers(index).DataAsNumpy() for index in range(1, model.BuffersLength())]
    first_byte = np.frombuffer(content, np.uint8).ctypes.data
    assert len(buffers) > 10
    assert {(buffer.ctypes.data - first_byte) % 16 for buffer in buffers} == {0}


def test_a_file_has_a_signature_and_no_metadata(data: Path) -> None:
    content = write_tflite(read_tflite((data / "mlperf-tiny/ad01_fp32.tflite").read_bytes()))
    runner = Interpreter(model_content=content).get_signature_runner("serving_default")
    assert runner(**{name: np.zeros((1, 640), np.float32) for name in runner.get_input_details()})
    assert schema.Model.GetRootAs(content, 0).MetadataLength() == 0


def test_bytes_kept_behind_the_flatbuffer_are_found() -> None:
    weights = np.array([1, 2, 3, 4], np.float32)
    model = schema.ModelT.InitFromPackedBuf(write_tflite(_adds(weights)))
    filled = next(buffer for buffer in model.buffers if buffer.data is not None)
    filled.data, filled.offset, filled.size = None, 4096, weights.nbytes
    content = _pack(model)
    content += bytes(4096 - len(content)) + weights.tobytes()
    np.testing.assert_array_equal(_constant(read_tflite(content)), weights)


def test_a_name_with_a_zero_byte_is_refused() -> None:
    tensor = Tensor("a\0b", (1,), np.dtype("f4"))
    with pytest.raises(BadInputError, match="holds a zero byte"):
        write_tflite(Graph({tensor.name: tensor}, [], [tensor.name], [tensor.name]))


def test_names_that_repeat_or_are_missing_become_unique() -> None:
    model = schema.ModelT.InitFromPackedBuf(write_tflite(_adds(np.ones(4, np.float32))))
    for tensor, name in zip(model.subgraphs[0].tensors, (b"same", b"same", None), strict=True):
        tensor.name = name
    assert list(read_tflite(_pack(model)).tensors) == ["same", "same_1", "tensor_2"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("coral-test-data/model_invoking_error.tflite", "custom operator 'fake-op-double'"),
        ("coral-test-data/mobilenet_v1_0.25_128_quant_edgetpu.tflite", "already compiled for the EdgeTPU"),
        ("coral-test-data/imagenet_labels.txt", "found text starting"),
        ("coral-test-data/cat.bmp", "found bytes"),
    ],
)
def test_a_file_that_cannot_be_converted_is_refused_with_the_reason(data: Path, name: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        read_tflite((data / name).read_bytes())


def test_several_subgraphs_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(write_tflite(_adds(np.ones(4, np.float32))))
    model.subgraphs.append(model.subgraphs[0])
    with pytest.raises(BadInputError, match="wanted one subgraph, found 2"):
        read_tflite(_pack(model))


def test_an_unknown_option_is_refused_by_name() -> None:
    graph = _adds(np.ones(4, np.float32))
    graph.operators[0].options["strides"] = 2
    with pytest.raises(BadInputError, match="ADD has no option 'strides'"):
        write_tflite(graph)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(BadInputError, match="an empty file"):
        read_tflite(b"")


@given(length=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_cut_short_is_refused_or_read_whole(data: Path, length: float) -> None:
    content = (data / "tflite-micro/hello_world_float.tflite").read_bytes()
    _read_or_refuse(content[: int(length * len(content))])


@given(places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_read_as_something_that_can_be_written(
    data: Path, places: list[tuple[float, int]]
) -> None:
    content = bytearray((data / "tflite-micro/hello_world_int8.tflite").read_bytes())
    for place, value in places:
        content[8 + int(place * (len(content) - 8))] = value
    _read_or_refuse(bytes(content))


def _read_or_refuse(content: bytes) -> None:
    try:
        graph = read_tflite(content)
    except BadInputError:
        return
    assert plain(read_tflite(write_tflite(graph))) == plain(graph)


def _answers(content: bytes) -> list[np.ndarray[Any, Any]]:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    generator = np.random.default_rng(7)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], generator.integers(0, 100, detail["shape"]).astype(detail["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def _adds(weights: np.ndarray[Any, Any]) -> Graph:
    shape = (1, len(weights))
    tensors = {name: Tensor(name, shape, np.dtype("f4")) for name in ("in", "out")}
    tensors["weights"] = Tensor("weights", weights.shape, weights.dtype, weights)
    return Graph(tensors, [Operator("ADD", ["in", "weights"], ["out"])], ["in"], ["out"])


def _constant(graph: Graph) -> np.ndarray[Any, Any]:
    return next(tensor.data for tensor in graph.tensors.values() if tensor.data is not None)


def _pack(model: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
