"""A float bundle that listens becomes an int8 one, calibrated with WAV files through the board's own front end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from converters.calibration.heard import MOST_INPUTS, heard
from converters.calibration.samples import find_calibration, read_samples
from converters.conversion import convert
from edge_contracts.bundle import read_bundle
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule, SoundInput
from edge_runtime.capture import wave_file
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from edge_runtime.signals.feeder import Feeder
from lepton.cli import main
from tests.fakes.sound_bundles import write_anomaly_bundle
from tests.fakes.sound_specs import toyadmos
from tests.fakes.sounds import noise, write_sound

if TYPE_CHECKING:
    from click.testing import Result

pytestmark = pytest.mark.usefixtures("warm_children")

PROFILE = "x86-64"


@pytest.fixture
def recordings(tmp_path: Path, data: Path) -> Path:
    """Real speech and noise at the model's rate: no machine's sounds, but sounds."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("yes", "no", "noise", "silence"):
        shutil.copy(data / "tflite-micro" / f"{name}_1000ms.wav", folder)
    return folder


def test_a_listening_bundle_is_converted_and_answers_like_its_float_model(tmp_path, data, recordings) -> None:
    source = tmp_path / "float.bundle"
    write_anomaly_bundle(source, data, int8=False, rule=AnomalyRule(threshold=60.0))
    made = convert(source, profile=PROFILE, calibration=recordings, out=tmp_path / "int8.bundle")
    bundle = read_bundle(made.path)
    spec = bundle.manifest.input
    assert isinstance(spec, SoundInput)
    assert (spec.dtype, spec.rate_hz, spec.mel, spec.spectrum) == ("int8", 16_000, toyadmos().mel, toyadmos().spectrum)
    assert isinstance(bundle.manifest.rule, AnomalyRule)
    assert bundle.manifest.rule.threshold == pytest.approx(60, rel=0.05)
    before, after = Predictor.open(source), Predictor.open(made.path)
    after.verify_goldens()
    for path in recordings.iterdir():
        header = wave_file.read_header(path)
        window = Window(wave_file.read_samples(path, header), header.rate_hz, 1, 1)
        wanted = before.predict(window).values[0]
        assert after.predict(window).values[0] == pytest.approx(wanted, rel=0.15), path.name


FRONT_END = """
kind = "sound"
rate_hz = 16000
spectrum = { frame = 1024, hop = 512, fft = 1024, padding = "zeros", power = 2 }
mel = { bands = 128, highest_hz = 8000 }
level = { unit = "db", offset = 2.220446049250313e-16 }
frames = 5
"""


def converted(model: Path, recordings: Path, front_end: str, *more: str) -> Result:
    (model.parent / "front-end.toml").write_text(front_end)
    out = str(model.parent / "made.bundle")
    command = ["convert", str(model), "--profile", PROFILE, "--calibration", str(recordings), "-o", out]
    return CliRunner().invoke(main, [*command, "--front-end", str(model.parent / "front-end.toml"), *more])


def test_a_bare_model_learns_to_listen_from_a_file(tmp_path, data, recordings) -> None:
    model = Path(shutil.copy(data / "mlperf-tiny" / "ad01_fp32.tflite", tmp_path))
    done = converted(model, recordings, FRONT_END, "--threshold", "60")
    assert done.exit_code == 0, done.output
    manifest = read_bundle(tmp_path / "made.bundle").manifest
    assert isinstance(manifest.input, SoundInput)
    assert manifest.input.model_copy(update={"dtype": "float32", "quantisation": None}) == toyadmos()
    assert isinstance(manifest.rule, AnomalyRule)
    assert manifest.rule.threshold == pytest.approx(60, rel=0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("bands = 128", "bands = 64"), "wanted a shape of 320 values"),
        (("hop = 512", "hopp = 512"), "spectrum.hop: missing; this key is required; spectrum.hopp: unknown key; did"),
        (("spectrum =", "spectrun ="), "spectrun: unknown key; did you mean 'spectrum'?"),
        (
            ("highest_hz = 8000", "highest_hz = 9000"),
            "mistakes: wanted mel.highest_hz of 8000 at most, half of rate_hz",
        ),
        (('kind = "sound"', 'kind = "noise"'), "wanted kind = 'sound' or 'series' in the front end, found 'noise'"),
        (("frames = 5", "frames = 5\ndtype = 'int8'"), "without dtype, which the model says itself"),
        (("frames = 5", "frames = "), "wanted a front end in TOML, found a mistake"),
    ],
)
def test_a_front_end_that_does_not_fit_is_refused_in_words(tmp_path, data, recordings, change, said) -> None:
    model = Path(shutil.copy(data / "mlperf-tiny" / "ad01_fp32.tflite", tmp_path))
    done = converted(model, recordings, FRONT_END.replace(*change))
    assert done.exit_code == 2
    assert said in done.output


def test_a_threshold_for_a_model_that_reconstructs_nothing_is_refused(tmp_path, data) -> None:
    model = data / "mlperf-tiny" / "kws_ref_model_float32.tflite"
    command = ["convert", str(model), "--profile", PROFILE, "--calibration", "random", "-o", str(tmp_path / "k.bundle")]
    done = CliRunner().invoke(main, [*command, "--threshold", "3"])
    assert done.exit_code == 2
    assert "wanted a model that reconstructs its input" in done.output


def test_a_listening_bundle_is_shown_and_verified_by_the_command_line(tmp_path, data) -> None:
    write_anomaly_bundle(tmp_path / "ad.bundle", data)
    shown = CliRunner().invoke(main, ["bundle", "inspect", str(tmp_path / "ad.bundle"), "--json"])
    verified = CliRunner().invoke(main, ["bundle", "verify", str(tmp_path / "ad.bundle")])
    assert (shown.exit_code, verified.exit_code) == (0, 0), shown.output + verified.output
    assert '"rate_hz": 16000' in shown.output


def test_inputs_for_calibration_are_those_that_the_board_makes(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(1.0, rate_hz=16_000), rate_hz=16_000)
    samples = list(read_samples(find_calibration(tmp_path), toyadmos()))
    header = wave_file.read_header(path)
    inputs = Feeder(toyadmos()).inputs(Window(wave_file.read_samples(path, header), 16_000, 1, 1))
    assert len(samples) == len(inputs)
    assert samples[3].name == "a.wav[3]"
    np.testing.assert_array_equal(samples[3].values, inputs[3].reshape(1, 640))


def test_a_long_sound_gives_no_more_inputs_than_say_something_new(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(5.0, rate_hz=16_000), rate_hz=16_000)
    names = [name for _, name in heard(path, toyadmos())]
    assert len(names) == MOST_INPUTS
    assert (names[0], names[-1]) == ("a.wav[0]", "a.wav[152]")


def test_a_sound_at_another_rate_is_refused_by_name(tmp_path: Path) -> None:
    write_sound(tmp_path / "slow.wav", noise(1.0))
    with pytest.raises(BadInputError, match=r"slow\.wav: wanted 16000 samples a second, found 8000"):
        list(read_samples(find_calibration(tmp_path), toyadmos()))
