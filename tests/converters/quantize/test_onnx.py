"""A float ONNX model becomes a small int8 one that answers as it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.delegates import check_delegate, read_nodes
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.onnx import SYMMETRIC, QuantizedOnnx, onnx_for_board, quantize_onnx, to_float16
from converters.quantize.onnx.for_board import _told
from converters.quantize.onnx.prepare import Packages, prepare
from converters.quantize.ranges import RULES
from device_profiles import load_profile
from device_profiles.delegate_files import load_delegate
from edge_contracts.errors import BadInputError
from tests.fakes.onnx_models import padded_maximum

if TYPE_CHECKING:
    from pathlib import Path

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

DIGITS = range(3)
ULTRAFACE = ("ultraface-RFB-320.onnx", "ultraface-slim-320_simplified.onnx")


@pytest.fixture(scope="module")
def digits(data: Path) -> list[np.ndarray[Any, Any]]:
    """The three handwritten digits that come with the model, 1×1×28×28 float32."""
    tensors = [onnx.TensorProto.FromString((_digit(data, place) / "input_0.pb").read_bytes()) for place in DIGITS]
    return [onnx.numpy_helper.to_array(tensor) for tensor in tensors]


@pytest.fixture(scope="module")
def mnist(data: Path, digits: list[np.ndarray[Any, Any]]) -> QuantizedOnnx:
    return quantize_onnx((data / "onnx/mnist/model.onnx").read_bytes(), digits)


def test_every_digit_is_still_read_right(data: Path, mnist: QuantizedOnnx, digits: list[np.ndarray[Any, Any]]) -> None:
    for place, digit in zip(DIGITS, digits, strict=True):
        expected = onnx.TensorProto.FromString((_digit(data, place) / "output_0.pb").read_bytes())
        assert _answers(mnist.content, digit)[0].argmax() == onnx.numpy_helper.to_array(expected).argmax()


def test_the_file_is_about_half_or_less(data: Path, mnist: QuantizedOnnx) -> None:
    assert len(mnist.content) < 0.55 * (data / "onnx/mnist/model.onnx").stat().st_size


def test_operators_are_counted_by_the_precision_they_compute_in(mnist: QuantizedOnnx) -> None:
    assert mnist.int8_operators["Conv"] == 2
    assert mnist.int8_operators["Gemm"] == 1
    assert mnist.operators["QuantizeLinear"] > 0
    assert mnist.int8_bytes > mnist.float_bytes


def test_the_same_samples_give_the_same_bytes(
    data: Path, mnist: QuantizedOnnx, digits: list[np.ndarray[Any, Any]]
) -> None:
    assert quantize_onnx((data / "onnx/mnist/model.onnx").read_bytes(), digits).content == mnist.content


@pytest.mark.parametrize("name", ULTRAFACE)
def test_a_face_detector_keeps_its_scores_and_decodes_boxes_in_float(data: Path, name: str) -> None:
    original = (data / "onnx" / name).read_bytes()
    generator = np.random.default_rng(3)
    images = [generator.uniform(-1, 1, (1, 3, 240, 320)).astype(np.float32) for _ in range(4)]
    int8 = quantize_onnx(original, images)
    before, after = _answers(original, images[0]), _answers(int8.content, images[0])
    assert len(int8.content) < 0.4 * len(original)
    assert signal_to_noise_db(before[:1], after[:1]) > 25
    assert int8.float_operators["Softmax"] == 1
    assert not {"Exp", "Div", "Softmax"} & set(int8.int8_operators)


def test_no_samples_are_refused(data: Path) -> None:
    with pytest.raises(BadInputError, match="at least one sample"):
        quantize_onnx((data / "onnx/mnist/model.onnx").read_bytes(), [])


def test_a_sample_of_another_shape_is_refused(data: Path) -> None:
    with pytest.raises(BadInputError, match="does not quantise this model"):
        quantize_onnx((data / "onnx/mnist/model.onnx").read_bytes(), [np.zeros((1, 1, 5, 5), np.float32)])


def test_an_input_that_is_an_output_as_well_is_refused_in_words() -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]> g (float[1, 4] x) => (float[1, 4] y, float[1, 4] x) {y = Relu(x)}'
    )
    with pytest.raises(BadInputError, match="outputs that the model computes, found its input 'x' among them"):
        quantize_onnx(model.SerializeToString(), [np.zeros((1, 4), np.float32)])


def test_every_range_rule_is_tried_and_the_nearest_kept(mnist: QuantizedOnnx) -> None:
    assert set(mnist.tried) == set(RULES)
    assert mnist.tried[mnist.rule] == max(mnist.tried.values())


def test_tensorrt_takes_every_operator_of_the_symmetric_scheme(data: Path, digits: list[np.ndarray[Any, Any]]) -> None:
    made = quantize_onnx((data / "onnx/mnist/model.onnx").read_bytes(), digits, scheme=SYMMETRIC)
    report = check_delegate(load_delegate("tensorrt"), "onnx", read_nodes(made.content, "onnx"))
    assert [operator for operator in report.operators if operator.reason] == []


def test_tensorrt_would_not_take_the_scheme_for_processors(mnist: QuantizedOnnx) -> None:
    report = check_delegate(load_delegate("tensorrt"), "onnx", read_nodes(mnist.content, "onnx"))
    assert "found uint8" in " ".join(operator.reason for operator in report.operators)


def test_the_symmetric_scheme_reads_every_digit_right(data: Path, digits: list[np.ndarray[Any, Any]]) -> None:
    original = (data / "onnx/mnist/model.onnx").read_bytes()
    made = quantize_onnx(original, digits, scheme=SYMMETRIC)
    for digit in digits:
        assert _answers(made.content, digit)[0].argmax() == _answers(original, digit)[0].argmax()


def test_a_board_with_tensorrt_gets_the_symmetric_scheme(data: Path, digits: list[np.ndarray[Any, Any]]) -> None:
    original = (data / "onnx/mnist/model.onnx").read_bytes()
    chosen = {
        name: onnx_for_board(original, digits, load_profile(name).quantisation, _silent).settings["format"]
        for name in ("jetson-orin-nano", "jetson-nano")
    }
    assert chosen["jetson-orin-nano"].startswith("QDQ, int8 activations with zero point 0")
    assert chosen["jetson-nano"].startswith("QDQ, uint8 activations")


def test_a_board_that_prefers_float16_gets_half_the_bytes(data: Path, digits: list[np.ndarray[Any, Any]]) -> None:
    original = (data / "onnx/mnist/model.onnx").read_bytes()
    wanted = load_profile("jetson-orin-nano").quantisation.model_copy(update={"activations": ("float16", "float32")})
    made = onnx_for_board(original, digits, wanted, _silent)
    assert made.precision == "float16"
    assert len(made.content) < 0.6 * len(original)
    assert signal_to_noise_db(_answers(original, digits[0]), _answers(made.content, digits[0])) > 50


def test_a_model_that_overflows_float16_is_refused() -> None:
    with pytest.raises(BadInputError, match="within float16's 65,504, found 1e\\+06 in 'x'"):
        to_float16(padded_maximum(0), [np.full((1, 1, 8, 8), 1e6, np.float32)])


def test_padding_with_zeros_stays_zero_before_a_maximum() -> None:
    """ONNX Runtime 1.31 would move the Pad into the MaxPool, which pads with minus infinity."""
    below_zero = np.full((1, 1, 8, 8), -3.0, np.float32)
    prepared = prepare(Packages.load(), padded_maximum(1)).SerializeToString()
    for content in (prepared, quantize_onnx(padded_maximum(1), [below_zero, -below_zero]).content):
        corner = Packages.load().session(content).run(None, {"x": below_zero})[0][0, 0, 0, 0]
        assert corner == pytest.approx(0.0, abs=0.05)


def test_the_note_names_the_kept_rule_and_the_margin_that_decided():
    kept_first = _told({"min-max": 40.1, "p99.99": 40.5}, "min-max")
    assert kept_first == "range rules tried: min-max 40.1 dB (kept), p99.99 40.5 dB; a later one must win by 0.5 dB"
    assert _told({"min-max": 30.0, "mse": 31.0}, "mse") == "range rules tried: min-max 30.0 dB, mse 31.0 dB (kept)"


def _silent(_stage: str, _done: float) -> None:
    pass


def _digit(data: Path, place: int) -> Path:
    return data / f"onnx/mnist/test_data_set_{place}"


def _answers(content: bytes, image: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    answers: list[np.ndarray[Any, Any]] = session.run(None, {session.get_inputs()[0].name: image})
    return answers
