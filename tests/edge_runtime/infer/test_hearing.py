"""A bundle that listens as a function: a window in, scores out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SeriesInput
from edge_runtime.capture.wave_file import read_header, read_samples
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from edge_runtime.signals.log_mel import LogMel
from tests.fakes.pictures import picture
from tests.fakes.sound_bundles import SAMPLES, write_anomaly_bundle, write_loudness_bundle
from tests.fakes.sound_specs import toyadmos
from tests.fakes.sounds import RATE_HZ, noise

if TYPE_CHECKING:
    from pathlib import Path

PUBLISHED_INT8 = 10.26029
PUBLISHED_FLOAT = 9.70711
"""MLPerf Tiny's own score of its sample: the mean over 196 windows of five frames."""


def window(values, rate_hz: float = RATE_HZ) -> Window:
    return Window(np.asarray(values, np.float32), rate_hz, 1, 1)


def loudness(tmp_path: Path, **spec) -> Predictor:
    write_loudness_bundle(tmp_path / "loud.bundle", **spec)
    return Predictor.open(tmp_path / "loud.bundle")


LOUDER = np.repeat([0.1, 0.2, 0.4], SAMPLES)[:, None]


def test_a_window_of_one_input_has_its_score(tmp_path: Path) -> None:
    values = noise()
    assert loudness(tmp_path).predict(window(values)).values[0] == pytest.approx(np.mean(values**2), rel=1e-5)


@pytest.mark.parametrize(("join", "wanted"), [("mean", (0.01 + 0.04 + 0.16) / 3), ("max", 0.16)])
def test_the_inputs_of_a_window_are_joined_as_the_manifest_says(tmp_path: Path, join: str, wanted: float) -> None:
    found = loudness(tmp_path, join=join).predict(window(LOUDER))
    assert found.values[0] == pytest.approx(wanted, rel=1e-5)
    assert found.outputs["score"][0] == pytest.approx(wanted, rel=1e-5)


def test_a_short_noise_between_two_inputs_is_heard_when_they_overlap(tmp_path: Path) -> None:
    values = np.zeros((2 * SAMPLES, 1))
    values[SAMPLES // 2 : 3 * SAMPLES // 2] = 0.5
    apart = loudness(tmp_path, join="max").predict(window(values)).values[0]
    over = loudness(tmp_path, join="max", step=SAMPLES // 2).predict(window(values)).values[0]
    assert (apart, over) == (pytest.approx(0.125), pytest.approx(0.25))


@pytest.mark.parametrize("join", ["mean", "max"])
def test_a_nan_of_one_input_is_the_windows(tmp_path: Path, join: str) -> None:
    quiet_then_loud = np.concatenate([np.zeros((SAMPLES, 1)), LOUDER])
    found = loudness(tmp_path, join=join, divide_by=0.0).predict(window(quiet_then_loud))
    assert np.isnan(found.values[0])


def test_what_the_model_does_not_take_is_refused(tmp_path: Path) -> None:
    predictor = loudness(tmp_path)
    for subject in (window(noise(), 44_100), window(noise(0.05)), window(noise(channels=2)), picture()):
        with pytest.raises(BadInputError, match="wanted"):
            predictor.predict(subject)


@pytest.mark.parametrize(
    ("int8", "published", "within"), [(True, PUBLISHED_INT8, 0.05), (False, PUBLISHED_FLOAT, 0.01)]
)
def test_the_anomaly_detector_gives_its_sample_the_published_score(tmp_path, data, int8, published, within) -> None:
    stored = {"dtype": "int8", "quantisation": {"scale": 0.3910152316093445, "zero_point": 89}} if int8 else {}
    taken = SeriesInput(tensor="input_1", shape=(1, 640), dtype="float32", samples=5, channels=128, step=1)
    changed = SeriesInput(**(taken.model_dump() | stored))
    write_anomaly_bundle(tmp_path / "ad.bundle", data, int8=int8, input=changed)
    frames = np.fromfile(data / "mlperf-tiny/ad_sample_normal_id_01_00000000_hist_librosa.bin", "<f4").reshape(200, 128)
    scores = Predictor.open(tmp_path / "ad.bundle").predict(window(frames, 31.25))
    assert scores.values[0] == pytest.approx(published, abs=within)


@pytest.mark.parametrize("name", ["yes", "no", "noise"])
def test_a_real_sound_scores_as_front_end_and_interpreter_by_hand(tmp_path, data, name: str) -> None:
    path = data / "tflite-micro" / f"{name}_1000ms.wav"
    header = read_header(path)
    heard = Window(read_samples(path, header), header.rate_hz, 1, 1)
    write_anomaly_bundle(tmp_path / "ad.bundle", data)
    scores = Predictor.open(tmp_path / "ad.bundle").predict(heard)
    spectra = LogMel(toyadmos()).spectra(heard.values[:, 0])
    assert scores.values[0] == pytest.approx(by_hand(data, spectra), rel=1e-5)


def by_hand(data: Path, spectra) -> float:
    interpreter = Interpreter(str(data / "mlperf-tiny" / "ad01_int8.tflite"))
    interpreter.allocate_tensors()
    given, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    (in_scale, in_zero), (out_scale, out_zero) = given["quantization"], answered["quantization"]
    errors = []
    for first in range(len(spectra) - 4):
        real = spectra[first : first + 5].reshape(1, 640)
        stored = np.clip(np.rint(real / np.float32(in_scale)) + in_zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], stored)
        interpreter.invoke()
        answer = (interpreter.get_tensor(answered["index"]).astype(np.float32) - out_zero) * np.float32(out_scale)
        seen = (stored.astype(np.float32) - in_zero) * np.float32(in_scale)
        errors.append(np.mean((seen - answer) ** 2))
    return float(np.mean(errors))
