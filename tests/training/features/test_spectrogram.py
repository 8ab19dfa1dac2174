from __future__ import annotations

import numpy as np
import pytest

from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from edge_runtime.frames import Window
from edge_runtime.infer.backend import open_backend
from edge_runtime.signals.feeder import Feeder
from training.features.feature_part import extract_features, hear_features
from training.features.gabor import gabor_features
from training.features.spectrogram import HEADROOM_DB, RANGE_DB, spectrogram_part

RATE_HZ = 16000


def _tone(hz: float, amplitude: float = 0.5, seconds: float = 1.0) -> Window:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return Window((amplitude * np.sin(2 * np.pi * hz * at))[:, None].astype(np.float32), RATE_HZ, 0, 1)


def _picture(tone: Window, learned: list[Window]) -> np.ndarray:
    """The bytes that the seeing part is given: H×W×3, 0–255."""
    part = spectrogram_part(gabor_features(96, 96), learned)
    picture = next(one.outputs[0] for one in part.graph.operators if one.kind == "QUANTIZE")
    part.graph.outputs[:] = [picture]
    backend = open_backend(write_tflite(part.graph), model_format="tflite", runtime="litert", threads=1)
    assert part.heard is not None
    feeder = Feeder(part.heard)
    found = backend.run(lambda buffer: feeder.write(feeder.inputs(tone)[0], buffer))[picture]
    return found[0].astype(int) + 128


def test_a_tone_is_a_bright_line_and_a_higher_one_lies_elsewhere() -> None:
    low, high = (_picture(_tone(hz), [_tone(400)]).mean(axis=(1, 2)) for hz in (400, 4000))
    assert high.argmax() > low.argmax() + 20
    assert low.max() > low.min() + 100


def test_the_loudest_that_was_learned_leaves_room_above() -> None:
    tones = [_tone(400, 0.5), _tone(400, 0.05)]
    # Stretching smooths a line that is one band wide.
    assert _picture(tones[0], tones).max() == pytest.approx(255 * (1 - HEADROOM_DB / RANGE_DB), abs=12)
    ten_times_louder = _picture(_tone(400, 5.0), tones).max()
    assert ten_times_louder >= 240


def test_ten_times_quieter_is_twenty_decibels_darker() -> None:
    tones = [_tone(400, 0.5), _tone(400, 0.05)]
    apart = _picture(tones[0], tones).max() - _picture(tones[1], tones).max()
    assert apart == pytest.approx(255 * 20 / RANGE_DB, abs=3)


def test_every_input_of_a_recording_is_heard() -> None:
    part = spectrogram_part(gabor_features(96, 96), [_tone(400, seconds=1.0)])
    assert part.heard is not None
    short, long = hear_features(part, [_tone(400, seconds=1.0), _tone(400, seconds=3.0)])
    assert len(short) == 1
    assert len(long) == len(Feeder(part.heard).inputs(_tone(400, seconds=3.0))) > 3
    assert short.shape[1:] == long.shape[1:] == (6, 6, 75)


def test_a_part_of_pictures_hears_nothing() -> None:
    with pytest.raises(BadInputError, match="a part that hears"):
        hear_features(gabor_features(96, 96), [_tone(400)])
    assert extract_features(gabor_features(96, 96), [np.full((96, 96, 3), 90, np.uint8)]).shape == (1, 6, 6, 75)
