"""A bundle as a function: real model, real runtime, real pictures."""

import numpy as np
import pytest

from edge_contracts.bundle import BundleRejected
from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.manifest import NoRule, Output
from edge_runtime.infer import backend as backends
from edge_runtime.infer.backend import BackendError, open_backend
from edge_runtime.infer.predictor import GoldenMismatch, Predictor
from tests.fakes.models import CELLS, SIDE, BundleRecipe, write_brightness_bundle


@pytest.fixture
def bundle(tmp_path):
    path = tmp_path / "part.bundle"
    write_brightness_bundle(path)
    return path


def grey(level, height=40, width=60):
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("kernels", ["default", "builtin"])
@pytest.mark.parametrize("level", [0, 51, 255])
def test_the_score_is_what_the_model_computes_from_the_camera_bytes(bundle, kernels, level):
    scores = Predictor.open(bundle, kernels=kernels).predict(grey(level))
    assert scores.values.tolist() == pytest.approx([level / 255], abs=1e-6)
    assert scores.heat_map.shape == (CELLS, CELLS)


def test_the_heat_map_shows_where(bundle):
    picture = grey(0)
    picture[:20, :30] = 255
    heat_map = Predictor.open(bundle).predict(picture).heat_map
    assert heat_map[0, 0] == pytest.approx(1)
    assert heat_map[-1, -1] == pytest.approx(0)


def test_a_tensor_in_stored_or_real_values_scores_alike(bundle):
    predictor = Predictor.open(bundle)
    stored = np.full((SIDE, SIDE, 3), 23, np.int8)
    real = ((stored.astype(np.float32) + 128) / 255).astype(np.float32)
    assert predictor.predict_tensor(stored).values == pytest.approx(predictor.predict_tensor(real).values)
    with pytest.raises(BadInputError, match="wanted an input of shape"):
        predictor.predict_tensor(stored[1:])
    with pytest.raises(BadInputError, match="wanted int8 or real float32"):
        predictor.predict_tensor(stored.astype(np.int64))


def test_a_nan_of_the_model_reaches_the_caller_as_nan(tmp_path):
    path = tmp_path / "nan.bundle"
    write_brightness_bundle(path, BundleRecipe(divide_by=0.0))
    assert np.isnan(Predictor.open(path).predict(grey(0)).values).all()


def test_goldens_that_hold_are_silent_and_others_stop_the_board(tmp_path):
    path = tmp_path / "golden.bundle"
    write_brightness_bundle(path, BundleRecipe(golden_score=128 / 255))
    Predictor.open(path).verify_goldens()
    write_brightness_bundle(path, BundleRecipe(golden_score=0.7))
    with pytest.raises(GoldenMismatch, match=r"wanted output 'score' within 1e-05 .* convert the model again"):
        Predictor.open(path).verify_goldens()


def test_a_nan_never_passes_a_golden(tmp_path):
    path = tmp_path / "nan.bundle"
    write_brightness_bundle(path, BundleRecipe(golden_score=float("nan")))
    with pytest.raises(GoldenMismatch):
        Predictor.open(path).verify_goldens()


def test_an_output_that_the_model_does_not_have_is_named(tmp_path):
    path = tmp_path / "part.bundle"
    wrong = (Output(tensor="verdict", role="score", shape=(1,), dtype="float32"),)
    write_brightness_bundle(path, BundleRecipe(changes={"outputs": wrong, "rule": NoRule()}))
    with pytest.raises(BadInputError, match="wanted an output 'verdict'"):
        Predictor.open(path).predict(grey(1))


def test_an_output_of_another_shape_is_refused(tmp_path):
    path = tmp_path / "part.bundle"
    outputs = (Output(tensor="score", role="score", shape=(7,), dtype="float32"),)
    write_brightness_bundle(path, BundleRecipe(changes={"outputs": outputs}))
    with pytest.raises(BadInputError, match=r"'score' of shape \(7,\) as the manifest says, found \(1,\)"):
        Predictor.open(path).predict(grey(1))


def test_a_runtime_that_cannot_run_the_format_is_refused():
    with pytest.raises(BadInputError, match=r"wanted a runtime for tflite \(litert or tflite\), found 'onnx'"):
        open_backend(b"", model_format="tflite", runtime="onnx", threads=1)


def test_a_missing_runtime_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(backends._MODULES, "litert", "edge_runtime.infer.not_there")
    with pytest.raises(MissingExtraError, match=r"pip install 'lepton-edge\[litert\]'"):
        open_backend(b"", model_format="tflite", runtime="litert", threads=1)


def test_no_runtime_at_all_names_every_extra(monkeypatch):
    for name in ("litert", "tflite"):
        monkeypatch.setitem(backends._MODULES, name, "edge_runtime.infer.not_there")
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[litert\]' or pip install 'lepton-edge\[tflite\]'"):
        open_backend(b"", model_format="tflite", runtime="auto", threads=1)


@pytest.mark.parametrize(
    "file",
    [
        "coral-test-data/model_invoking_error.tflite",
        "coral-test-data/mobilenet_v1_0.25_128_quant_edgetpu.tflite",
        "tflite-micro/person_detect.tflite",
    ],
)
def test_a_model_that_the_runtime_cannot_run_is_refused_with_a_sentence(data, file):
    with pytest.raises(BackendError, match=r"wanted a model that .* can run, found one that it refuses"):
        open_backend((data / file).read_bytes(), model_format="tflite", runtime="auto", threads=1)


def test_a_text_file_is_no_bundle(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a bundle")
    with pytest.raises(BundleRejected, match="a bare model becomes a bundle with 'lepton convert'"):
        Predictor.open(path)


def test_an_onnx_model_runs_like_any_other(data):
    backend = open_backend(
        (data / "onnx/mnist/model.onnx").read_bytes(), model_format="onnx", runtime="auto", threads=1
    )
    outputs = backend.run(lambda buffer: buffer.fill(0))
    assert [values.shape for values in outputs.values()] == [(1, 10)]
    backend.close()


def test_a_bundle_without_goldens_is_let_through_and_the_log_says_so(tmp_path, caplog):
    path = tmp_path / "part.bundle"
    write_brightness_bundle(path)
    Predictor.open(path).verify_goldens()
    assert "has no goldens" in caplog.text
    caplog.clear()
    write_brightness_bundle(path, BundleRecipe(golden_score=128 / 255))
    Predictor.open(path).verify_goldens()
    assert caplog.text == ""


@pytest.mark.parametrize("kernels", ["default", "builtin"])
def test_a_recurrent_models_answer_does_not_depend_on_the_part_before(data, kernels):
    """The LSTM's memory is a tensor that the runtime keeps between runs."""
    model = (data / "tflite-micro" / "trained_lstm.tflite").read_bytes()
    backend = open_backend(model, model_format="tflite", runtime="litert", threads=1, kernels=kernels)
    drawn = np.random.default_rng(0)

    def answer(values):
        (found,) = backend.run(lambda buffer: np.copyto(buffer, values)).values()
        return found.tobytes()

    part, other = (drawn.random((1, 28, 28)).astype(np.float32) for _ in range(2))
    first = answer(part)
    assert answer(other) != first
    assert answer(part) == first
