"""A model from outside is run once in a child before this process opens it."""

from contextlib import nullcontext

import numpy as np
import onnx
import pytest

from converters.graph import Graph, Operator, Quantization, Tensor
from converters.load import opening
from converters.load.opening import open_first
from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from tests.converters.lower.onnx_models import one

pytestmark = pytest.mark.usefixtures("warm_children")


def gathering(place: int) -> bytes:
    """A file that takes element `place` of four."""
    indices = Tensor("place", (1,), np.dtype("i4"), np.array([place], np.int32))
    values = [Tensor(name, shape, np.dtype("f4")) for name, shape in (("in", (4,)), ("out", (1,)))]
    operator = Operator("GATHER", ["in", "place"], ["out"], {"axis": 0})
    return write_tflite(Graph({t.name: t for t in (*values, indices)}, [operator], ["in"], ["out"]))


def test_a_sound_model_opens():
    open_first(gathering(3), "tflite")
    open_first(one("Relu", (1, 4)), "onnx")


def test_an_index_out_of_bounds_is_refused_in_words():
    with pytest.raises(BadInputError, match="LiteRT does not run the model with its"):
        open_first(gathering(1 << 30), "tflite")


def test_a_model_that_wants_too_much_memory_is_refused():
    size = Tensor("size", (4,), np.dtype("i4"), np.array([1 << 12] * 4, np.int32))
    values = [Tensor("in", (1,), np.dtype("f4")), Tensor("out", (-1, -1, -1, -1), np.dtype("f4"))]
    graph = Graph({t.name: t for t in (*values, size)}, [Operator("FILL", ["size", "in"], ["out"])], ["in"], ["out"])
    with pytest.raises(BadInputError, match=r"does not|takes the process with it"):
        open_first(write_tflite(graph), "tflite")


@pytest.mark.parametrize("place", ["/etc/passwd", "../secret", "weights.bin"])
def test_weights_in_another_file_are_never_read(place):
    model = onnx.load_from_string(one("Add", (1, 4), np.ones(4, np.float32)))
    stored = model.graph.initializer[0]
    stored.ClearField("raw_data")
    stored.data_location = onnx.TensorProto.EXTERNAL
    stored.external_data.add(key="location", value=place)
    with pytest.raises(BadInputError, match=rf"wanted the weights inside the model, found .* \('{place}'\)"):
        open_first(model.SerializeToString(), "onnx")


def test_a_model_that_xnnpack_gets_wrong_is_refused():
    order = Tensor("order", (4,), np.dtype("i4"), np.array([0, 3, 1, 2], np.int32))
    values = [Tensor(name, shape, np.dtype("f4")) for name, shape in (("in", (1, 4, 4, 3)), ("turned", (1, 3, 4, 4)))]
    graph = Graph({t.name: t for t in (order, *values)}, [], ["in"], ["out"])
    graph.tensors["out"] = Tensor("out", (1, 3, 4, 4), np.dtype("f4"))
    graph.operators.append(Operator("TRANSPOSE", ["in", "order"], ["turned"]))
    graph.operators.append(Operator("BATCH_MATMUL", ["turned", "turned"], ["out"]))
    with pytest.raises(BadInputError, match=r"XNNPACK's and the reference ones differ by .* of output 0"):
        open_first(write_tflite(graph), "tflite")


def test_a_tensor_of_another_shape_than_the_file_says_is_refused():
    values = [Tensor(name, (1, 4), np.dtype("f4")) for name in ("in", "middle", "out")]
    values[1] = Tensor("middle", (2, 2), np.dtype("f4"))
    operators = [Operator("ABS", ["in"], ["middle"]), Operator("NEG", ["middle"], ["out"])]
    graph = Graph({t.name: t for t in values}, operators, ["in"], ["out"])
    with pytest.raises(BadInputError, match=r"wanted tensor 'middle' to have the shape \(2, 2\) that the file says"):
        open_first(write_tflite(graph), "tflite")


def rounding() -> bytes:
    """A file whose float output rests on an int8 tensor."""
    step = Quantization(np.array([0.1], np.float32), np.array([0], np.int64))
    made = [Tensor(name, (1, 4), np.dtype("f4")) for name in ("in", "out")]
    stored = Tensor("stored", (1, 4), np.dtype("i1"), quantization=step)
    operators = [Operator("QUANTIZE", ["in"], ["stored"]), Operator("DEQUANTIZE", ["stored"], ["out"])]
    return write_tflite(Graph({t.name: t for t in (*made, stored)}, operators, ["in"], ["out"]))


@pytest.mark.parametrize(
    ("content", "apart", "is_refused"), [(gathering(3), 0.1, True), (rounding(), 0.1, False), (rounding(), 0.5, True)]
)
def test_integers_before_a_float_end_may_round_differently_but_not_be_wrong(monkeypatch, content, apart, is_refused):
    answers = {"XNNPACK": [np.ones(1, np.float32)], "reference": [np.full(1, 1 + apart, np.float32)]}
    monkeypatch.setattr(opening, "_run_once", lambda _content, kernels: answers[kernels])
    with pytest.raises(BadInputError, match="the reference ones differ") if is_refused else nullcontext():
        opening.run_tflite(content)
