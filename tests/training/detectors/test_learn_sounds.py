from __future__ import annotations

import json
import wave
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from converters.gate.metrics import auroc
from edge_contracts.bundle import Bundle
from edge_contracts.errors import BadInputError
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from lepton.cli import main
from training.detectors.float_bundle import float_bundle
from training.detectors.kinds import sound_kinds
from training.detectors.learn_sounds import learn_sounds, scores_of_inputs
from training.detectors.sight import feature_parts
from training.detectors.threshold_rule import ThresholdRule
from training.features.feature_part import hear_features
from training.features.size_rule import SIDE_PX
from training.features.spectrogram import spectrogram_part

if TYPE_CHECKING:
    from pathlib import Path

    from training.detectors.learn import Detector

RATE_HZ = 8000


def _motor(seed: int, *, rattles: bool = False, seconds: float = 1.5, rate_hz: int = RATE_HZ) -> Window:
    """A hum with harmonics and noise; on demand a rattle eight times a second."""
    random = np.random.default_rng(seed)
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    hum = sum(np.sin(2 * np.pi * k * random.uniform(98, 102) * at + random.uniform(0, 6)) / k for k in range(1, 6))
    sound = 0.1 * random.uniform(0.9, 1.1) * hum + random.normal(0, 0.01, at.size)
    if rattles:
        sound += 0.1 * random.normal(size=at.size) * (np.mod(at * 8 + random.uniform(), 1) < 0.1)
    return Window(sound[:, None].astype(np.float32), rate_hz, 0, 1, f"{seed}.wav")


@pytest.fixture(scope="module")
def good() -> list[Window]:
    return [_motor(seed) for seed in range(12)]


@pytest.fixture(scope="module", params=["gauss", "autoencoder"])
def detector(request: pytest.FixtureRequest, good: list[Window]) -> Detector:
    return learn_sounds(good, kind=request.param)


def _predictor(detector: Detector) -> Predictor:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    manifest, members = float_bundle(detector, name="motor", inputs={}, settings={}, created=now)
    return Predictor.load(Bundle(manifest, "0" * 64, members))


def test_a_rattle_is_heard(detector: Detector) -> None:
    predictor = _predictor(detector)
    fine = [float(predictor.predict(_motor(seed)).values[0]) for seed in range(100, 110)]
    rattling = [float(predictor.predict(_motor(seed, rattles=True)).values[0]) for seed in range(100, 110)]
    assert auroc(fine, rattling) > 0.98
    assert np.mean(np.array(rattling) >= detector.threshold.value) > 0.9


def test_the_board_scores_as_was_learned(detector: Detector, good: list[Window]) -> None:
    """One front end and one join; and what was learned is not called defective."""
    picture = next(iter(feature_parts([(SIDE_PX, SIDE_PX)], None).values()))
    heard = hear_features(spectrogram_part(picture, good), good)
    normality = sound_kinds()[detector.selection.kind](np.concatenate(heard), np.random.default_rng(0))
    predictor = _predictor(detector)
    scores = [float(predictor.predict(one).values[0]) for one in good]
    assert scores == pytest.approx([scores_of_inputs(normality, one).mean() for one in heard], rel=1e-3)
    assert max(scores) < detector.threshold.value


def test_the_same_recordings_give_the_same_bytes(detector: Detector, good: list[Window]) -> None:
    again = learn_sounds(good, kind=detector.selection.kind)
    assert again.model == detector.model
    assert again.threshold == detector.threshold


def test_relatives_are_held_out_together(good: list[Window]) -> None:
    alone = learn_sounds(good)
    twins = learn_sounds([*good, *good], groups=[str(number) for number in range(12)] * 2)
    assert np.median(twins.good_scores) > 0.5 * np.median(alone.good_scores)


def test_a_folder_of_recordings_is_trained_and_judged_by_the_same_two_commands(tmp_path: Path) -> None:
    for seed in range(12):
        _save(tmp_path / f"motors/good/{seed}.wav", _motor(seed))
        _save(tmp_path / f"motors/rattle/{seed}.wav", _motor(50 + seed, rattles=True))
    trained = _lepton("train", tmp_path / "motors", "-o", tmp_path / "motor.bundle", "--detector", "autoencoder")
    assert trained["detector"]["kind"] == "autoencoder"
    assert trained["input"]["bands"] == 64
    assert (trained["labels"]["defects"], trained["note"]) == (12, "")
    page = tmp_path / "motor.html"
    judged = _lepton("evaluate", tmp_path / "motor.bundle", "--data", tmp_path / "motors", "--report", page)
    assert "24 of these 24" not in page.read_text("utf-8")
    assert "<b>12</b> defective recordings of" in page.read_text("utf-8")
    assert (judged["good"], judged["defective"], len(judged["data"]["learned"])) == (12, 12, 24)
    auroc = judged["auroc"]
    assert (auroc["value"] if isinstance(auroc, dict) else auroc) > 0.98


def _save(path: Path, window: Window) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((window.values * 32767).astype("<i2").tobytes())


def _lepton(*arguments: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(main, [*(str(one) for one in arguments), "--json"])
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_wrong_recordings_say_what_is_wrong(good: list[Window]) -> None:
    with pytest.raises(BadInputError, match="found 3; take 2 more"):
        learn_sounds(good[:3])
    with pytest.raises(BadInputError, match="one sampling rate, found 8000 and 16000"):
        learn_sounds([*good, _motor(1, rate_hz=16000)])
    with pytest.raises(BadInputError, match=r"found 1 of 13 shorter, such as click\.wav of 0\.10 s; record"):
        learn_sounds([*good, replace(_motor(1, seconds=0.1), name="click.wav")])
    with pytest.raises(BadInputError, match="gauss, autoencoder"):
        learn_sounds(good, kind="memory")
    with pytest.raises(BadInputError, match="take 33 more"):
        learn_sounds(good, rule=ThresholdRule("conformal"))
    with pytest.raises(BadInputError, match="no relatives, found all 12"):
        learn_sounds(good, groups=["one"] * 12)
