"""A float ONNX model becomes a small int8 one that answers as it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.delegates import read_nodes
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.onnx import SYMMETRIC, QuantizedOnnx, onnx_for_board, quantize_onnx, quantizer, to_float16
from converters.quantize.onnx.for_board import _told
from converters.quantize.onnx.gemm_bias import settle_gemm_biases
from converters.quantize.onnx.prepare import Packages, prepare
from converters.quantize.onnx.scheme import ASYMMETRIC
from converters.quantize.ranges import RULES
from device_profiles import load_profile
from device_profiles.delegate_files import load_delegate
from device_profiles.placement import check_delegate
from edge_contracts.errors import BadInputError
from edge_runtime.infer.onnx import open_backend
from tests.fakes.onnx_models import detector, gemm, one_weight_twice, padded_maximum

if TYPE_CHECKING:
    from pathlib import Path

    from converters.quantize.onnx.scheme import Scheme

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


@pytest.mark.parametrize("shape", [(), (1,), (4,), (1, 1), (1, 4), (4, 1), (4, 4)])
@pytest.mark.parametrize("beta", [1.0, -2.0])
@pytest.mark.parametrize("scheme", [ASYMMETRIC, SYMMETRIC])
def test_a_gemm_adds_its_bias_along_the_same_axis_as_before(
    shape: tuple[int, ...], beta: float, scheme: Scheme
) -> None:
    """Four rows and four columns: a bias that lies along the wrong axis fits as well."""
    drawn = np.random.default_rng(1)
    weights, bias = drawn.standard_normal((3, 4)), 3 * drawn.standard_normal(shape)
    content = gemm(weights.astype(np.float32), np.asarray(bias, np.float32), 4, beta)
    samples = [drawn.standard_normal((4, 3)).astype(np.float32) for _ in range(12)]
    prepared = prepare(Packages.load(), content).SerializeToString()
    int8 = quantize_onnx(content, samples, scheme=scheme).content
    for sample in samples:
        expected = _answers(content, sample)
        np.testing.assert_allclose(_answers(prepared, sample)[0], expected[0], atol=1e-5)
        assert signal_to_noise_db(expected, _as_written(int8, sample)) > 25


def test_a_gemm_of_other_rows_than_columns_keeps_a_bias_per_row() -> None:
    bias = np.arange(5, dtype=np.float32).reshape(5, 1)
    samples = [np.full((5, 3), place, np.float32) for place in range(-5, 5)]
    made = quantize_onnx(gemm(np.ones((3, 4), np.float32), bias, 5), samples)
    np.testing.assert_allclose(_as_written(made.content, samples[5])[0], np.broadcast_to(bias, (5, 4)), atol=0.3)


def test_a_bias_of_two_operators_is_settled_for_each() -> None:
    """A constant that another node reads as well keeps its two axes there."""
    packages = Packages.load()
    model = onnx.load_from_string(gemm(np.ones((3, 4), np.float32), np.ones((1, 4), np.float32), 2))
    model.graph.node.append(onnx.helper.make_node("Transpose", ["b"], ["column"], perm=[1, 0]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("column", onnx.TensorProto.FLOAT, [4, 1]))
    settled = settle_gemm_biases(packages.onnx, onnx.shape_inference.infer_shapes(model)).SerializeToString()
    y, column = _answers(settled, np.ones((2, 3), np.float32))
    assert (y.shape, column.shape) == ((2, 4), (4, 1))
    np.testing.assert_allclose(y, 4.0)


@pytest.mark.parametrize("turned", [0, 1])
def test_a_bias_becomes_a_row_of_the_weights_columns_where_no_shape_is_known(turned: int) -> None:
    """Rows that depend on values leave the answer without a shape."""
    packages = Packages.load()
    weights = f"float[{'4, 3' if turned else '3, 4'}] w = {{{', '.join(12 * '1')}}}"
    model = onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["": 13]> g (float[2, 3] x, int64[K] size) => (float[M, O] y)
        <{weights}, float[1, 1] b = {{2}}>
        {{ rows = Reshape(x, size) made = Gemm<transB = {turned}>(rows, w, b) y = Relu(made) }}"""
    )
    settled = settle_gemm_biases(packages.onnx, model)
    assert [node.op_type for node in settled.graph.node] == ["Reshape", "Gemm", "Relu"]
    (bias,) = [stored for stored in settled.graph.initializer if stored.name == settled.graph.node[1].input[2]]
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(bias), [2, 2, 2, 2])


def test_candidates_are_held_against_the_model_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What making it ready would break must show in the decibels."""
    samples = [np.full((2, 3), place / 4, np.float32) for place in range(-6, 6)]
    given, other = (gemm(np.ones((3, 4), np.float32), np.full((4,), bias, np.float32), 2) for bias in (1.0, 5.0))
    monkeypatch.setattr(quantizer, "prepare", lambda packages, _content: prepare(packages, other))
    assert max(quantize_onnx(given, samples).tried.values()) < 3


def test_candidates_are_judged_alike_on_every_processor() -> None:
    """Sums of two products of these saturate in 16 bits, where a processor has no other instruction."""
    drawn = np.random.default_rng(4)
    samples = [drawn.uniform(0.8, 1, (4, 8)).astype(np.float32) for _ in range(12)]
    content = gemm(drawn.standard_normal((8, 3)).astype(np.float32), np.zeros(3, np.float32), 4)
    assert quantize_onnx(content, samples, rules=("min-max",)).tried["min-max"] > 35


@pytest.mark.parametrize("scheme", [ASYMMETRIC, SYMMETRIC])
@pytest.mark.parametrize("pixels", [640.0, 4.0])
def test_scores_beside_boxes_keep_a_scale_of_their_own(pixels: float, scheme: Scheme) -> None:
    model = detector(pixels)
    samples = [np.random.default_rng(place).uniform(0, 1, (1, 3, 16, 16)).astype(np.float32) for place in range(12)]
    made = quantize_onnx(model, samples, scheme=scheme, rules=("min-max",))
    pairs = [(_answers(model, sample)[0], _answers(made.content, sample)[0]) for sample in samples]
    for part in (slice(0, 4), slice(4, 6)):
        assert signal_to_noise_db([a[:, part] for a, _ in pairs], [b[:, part] for _, b in pairs]) > 25
    in_float = pixels > 16 or scheme is SYMMETRIC
    assert made.float_operators.get("Concat", 0) == int(in_float)


@pytest.mark.parametrize("scheme", [ASYMMETRIC, SYMMETRIC])
def test_each_layer_gets_an_int8_weight_of_its_own(scheme: Scheme) -> None:
    """Two that read one weight keep ONNX Runtime 1.32 from fusing them on x86 without VNNI; others cannot show it."""
    rng = np.random.default_rng(0)
    samples = [rng.normal(0, 1, (1, 8)).astype(np.float32) for _ in range(8)]
    made = quantize_onnx(one_weight_twice(), samples, scheme=scheme)
    graph = onnx.load_from_string(made.content).graph
    weights = {each.name for each in graph.initializer if list(each.dims) == [8, 8]}
    read = [name for node in graph.node for name in node.input if name in weights]
    assert len(read) == len(set(read)) == 2
    board = open_backend(made.content, threads=1, kernels="default")
    found = [board.run(lambda buffer, each=each: np.copyto(buffer, each))["y"] for each in samples]
    assert signal_to_noise_db([_answers(one_weight_twice(), each)[0] for each in samples], found) > 35


def test_the_note_names_the_kept_rule_and_the_margin_that_decided():
    kept_first = _told({"min-max": 40.1, "p99.99": 40.5}, "min-max")
    assert kept_first == "range rules tried: min-max 40.1 dB (kept), p99.99 40.5 dB; a later one must win by 0.5 dB"
    assert _told({"min-max": 30.0, "mse": 31.0}, "mse") == "range rules tried: min-max 30.0 dB, mse 31.0 dB (kept)"


def _silent(_stage: str, _done: float) -> None:
    pass


def _digit(data: Path, place: int) -> Path:
    return data / f"onnx/mnist/test_data_set_{place}"


def _as_written(content: bytes, image: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Node by node: this machine's own kernels may saturate."""
    session = Packages.load().session(content, as_written=True)
    answers: list[np.ndarray[Any, Any]] = session.run(None, {session.get_inputs()[0].name: image})
    return answers


def _answers(content: bytes, image: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    answers: list[np.ndarray[Any, Any]] = session.run(None, {session.get_inputs()[0].name: image})
    return answers
