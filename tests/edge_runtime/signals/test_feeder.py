from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Level, MelBands, Spectrum
from edge_runtime.frames import Window
from edge_runtime.signals.feeder import Feeder, needs_of
from edge_runtime.signals.log_mel import LogMel
from tests.fakes.sound_specs import chirp, librosa_magnitudes, tensorflow_magnitudes, toyadmos, vibration

INT8 = {"dtype": "int8", "quantisation": {"scale": 0.5, "zero_point": 10}}


def window(values: Any, rate_hz: float = 16_000) -> Window:
    return Window(np.asarray(values, np.float32), rate_hz, 1, 1)


READINGS = np.arange(60).reshape(20, 3)


def test_inputs_of_a_series_are_its_runs_of_samples() -> None:
    found = Feeder(vibration()).inputs(window(READINGS, 100))
    assert found.shape == (4, 8, 3)
    for index in range(4):
        np.testing.assert_array_equal(found[index], READINGS[4 * index : 4 * index + 8])


def test_channels_may_come_first_and_be_scaled_one_by_one() -> None:
    spec = vibration(layout="channel-time", shape=(1, 3, 8), mean=(0, 1, 2), std=(1, 2, 4))
    found = Feeder(spec).inputs(window(READINGS, 100))
    np.testing.assert_allclose(found[1], ((READINGS[4:12] - [0, 1, 2]) / [1, 2, 4]).T)


def test_inputs_of_a_sound_are_runs_of_its_spectra() -> None:
    spec = toyadmos(step=3)
    spectra = LogMel(spec).spectra(chirp()[:, 0])
    found = Feeder(spec).inputs(window(chirp()))
    assert found.shape == (5, 5, 128)
    np.testing.assert_array_equal(found[2], spectra[6:11])


def test_an_input_is_written_over_all_of_the_models_buffer() -> None:
    spec = toyadmos(mean=(-30,), std=(20,), **INT8)
    feeder = Feeder(spec)
    inputs = feeder.inputs(window(chirp()))
    buffer = np.full(spec.shape, 77, np.int8)
    feeder.write(inputs[3], buffer)
    spectra = LogMel(spec).spectra(chirp()[:, 0])[3:8].reshape(1, 640)
    wanted = np.clip(np.rint((spectra + 30) / 20 / 0.5) + 10, -128, 127)
    np.testing.assert_array_equal(buffer, wanted)


def test_bands_may_come_before_time() -> None:
    time_first, bands_first = toyadmos(), toyadmos(layout="band-time")
    one, other = (Feeder(spec).inputs(window(chirp())) for spec in (time_first, bands_first))
    np.testing.assert_array_equal(one.transpose(0, 2, 1), other)


def test_channels_of_a_sound_are_mixed_or_the_first_is_taken() -> None:
    two = np.hstack([chirp(), np.zeros_like(chirp())])
    mean, first = (Feeder(toyadmos(channel=channel)) for channel in ("mean", "first"))
    alone = Feeder(toyadmos()).inputs(window(chirp()))
    np.testing.assert_array_equal(first.inputs(window(two)), alone)
    assert mean.inputs(window(two)).max() == pytest.approx(alone.max() - 20 * np.log10(2), abs=1e-3)


@pytest.mark.parametrize(
    "spec",
    [toyadmos(), librosa_magnitudes(), tensorflow_magnitudes(), vibration()],
    ids=["librosa power", "librosa magnitudes", "tensorflow", "series"],
)
def test_what_a_model_needs_at_least_is_enough_and_a_sample_less_is_not(spec) -> None:
    needs = needs_of(spec)
    values = np.random.default_rng(0).normal(0, 0.1, (needs.samples, needs.channels or 1))
    assert len(Feeder(spec).inputs(window(values, needs.rate_hz))) == 1
    with pytest.raises(BadInputError, match="at least"):
        Feeder(spec).inputs(window(values[1:], needs.rate_hz))


@pytest.mark.parametrize(
    ("values", "rate_hz", "said"),
    [
        (READINGS, 200, "100 samples a second, found 200"),
        (READINGS[:, :2], 100, "of 3 channels"),
        (np.where(READINGS == 30, np.nan, READINGS), 100, "NaN"),
        (np.where(READINGS == 30, np.inf, READINGS), 100, "NaN or infinity"),
    ],
)
def test_what_does_not_fit_is_refused_and_never_quantised(values, rate_hz: float, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        Feeder(vibration(**INT8)).inputs(window(values, rate_hz))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": (1, 641)}, "640 values"),
        ({"mel": MelBands(bands=128, highest_hz=8001)}, "8000 at most"),
        ({"dtype": "int8"}, "needs a quantisation"),
        ({"mean": (1.0, 2.0)}, "1 or 128 values of mean"),
        ({"std": (0.0,)}, "greater than 0"),
    ],
)
def test_a_front_end_that_contradicts_itself_is_no_manifest(change: dict, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        toyadmos(**change)


def test_a_transform_shorter_than_its_frame_and_a_logarithm_of_nothing_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least the frame's"):
        Spectrum(frame=512, hop=1, fft=256)
    with pytest.raises(ValidationError, match="logarithm of silence"):
        Level()
