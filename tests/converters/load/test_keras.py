"""What Keras computes, the exported file computes, too; code in a model never runs."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from converters.execute import Kernels, Session
from converters.load import Description, load_model
from converters.tflite import read_tflite
from edge_contracts.errors import BadInputError
from tests.system.required import require_tensorflow_python

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]


@pytest.fixture(scope="module")
def models(tmp_path_factory, data):
    """Small models and Keras' own answers; skips by name without the TensorFlow environment."""
    folder = tmp_path_factory.mktemp("keras")
    script = Path(__file__).with_name("keras_models.py")
    command = [require_tensorflow_python(), "-I", str(script), str(folder), str(data)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert child.returncode == 0, child.stderr
    return folder


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("LEPTON_TOOLS", str(Path(require_tensorflow_python()).parents[2]))


def answers(content, inputs):
    session = Session(content, Kernels.REFERENCE)
    (name,) = read_tflite(content).inputs
    found = []
    for x in inputs:
        session.run({name: x[None]})
        found.append(session.outputs()[0][0])
    return np.stack(found)


def assert_equal_to(recorded, content):
    with np.load(recorded) as stored:
        wanted = stored["y"]
        assert np.abs(answers(content, stored["x"]) - wanted).max() <= 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize(
    ("keras", "reference"),
    [("vww_96.h5", "vww_96_float.tflite"), ("pretrainedResnet.h5", "pretrainedResnet.tflite")],
)
def test_a_published_keras_2_file_equals_its_published_tflite(data, keras, reference):
    bundle = load_model(data / "mlperf-tiny" / keras, Description(), pictures=True)
    x = np.random.default_rng(0).random((4, *bundle.manifest.input.shape[1:]), np.float32)
    wanted = answers((data / "mlperf-tiny" / reference).read_bytes(), x)
    assert np.abs(answers(bundle.model, x) - wanted).max() <= 1e-5 * np.abs(wanted).max()
    assert [step.step for step in bundle.manifest.provenance] == ["import", "export"]
    assert bundle.manifest.provenance[1].tool == "tensorflow 2.21.0"


def test_the_autoencoder_computes_what_keras_computes(data, models):
    # Not what ad01_fp32.tflite computes: its weights are these to 5e-7, its biases are not (up to 0.6 apart).
    bundle = load_model(data / "mlperf-tiny/ad01.h5", Description(), pictures=False)
    assert_equal_to(models / "ad01.npz", bundle.model)
    assert bundle.manifest.task == "reconstruction"


@pytest.mark.parametrize("name", ["open-size.keras", "open-size-saved"])
def test_an_open_size_is_fixed_by_the_user(models, name):
    said = Description(input_size=(32, 48))
    bundle = load_model(models / name, said, pictures=True)
    assert bundle.manifest.input.shape == (1, 32, 48, 3)
    assert_equal_to(models / "open-size.npz", bundle.model)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("code.keras", r"Lambda layer 'doubling', which holds Python code that is not run"),
        ("weights-alone.weights.h5", r"found weights alone; save it with model\.save"),
        ("open-size.keras", "wanted a fixed size, .* give the input size"),
    ],
)
def test_what_cannot_be_exported_says_why(models, name, sentence):
    with pytest.raises(BadInputError, match=sentence):
        load_model(models / name, Description(), pictures=False)
