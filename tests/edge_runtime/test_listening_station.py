"""Whole stations that listen: sound files and a serial line, through the daemon, to verdict and evidence."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import AnomalyRule
from edge_runtime.capture.wave_file import read_header, read_samples
from edge_runtime.config import ConfigRejected
from edge_runtime.frames import Window
from edge_runtime.infer.predictor import Predictor
from tests.fakes.pty_line import PtyLine
from tests.fakes.sound_bundles import SAMPLES, write_anomaly_bundle, write_loudness_bundle
from tests.fakes.sounds import RATE_HZ, noise, write_sound
from tests.fakes.stations import HEAD, StopAfter, run_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = 'source = { kind = "sound-files", path = "sounds" }\n'


def write_listener(folder: Path, point: str = FILES) -> Path:
    path = folder / "station.toml"
    path.write_text(HEAD.format(deadline_ms=2000, hang_restart_s=60) + point)
    return path


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Each kind of part, named after what must become of it."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    write_sound(folder / "1-good.wav", noise(level=0.05))
    write_sound(folder / "2-defect.wav", noise(level=0.3))
    write_sound(folder / "3-quiet.wav", np.zeros((SAMPLES, 1), np.float32))
    write_sound(folder / "4-clipped.wav", np.clip(20 * noise(level=0.1), -1, 1))
    write_sound(folder / "5-offset.wav", noise(level=0.01) + 0.5)
    write_sound(folder / "6-bad-frame.wav", noise(level=0.05))
    (folder / "6-bad-frame.wav").write_bytes((folder / "6-bad-frame.wav").read_bytes()[:-100])
    write_sound(folder / "7-bad-frame.wav", noise(0.05, level=0.05))
    write_sound(folder / "8-bad-frame.wav", noise(level=0.05), rate_hz=RATE_HZ + 1)
    (folder / "9-bad-frame.mp3").write_bytes(b"ID3")
    return folder


def told(verdicts: list[dict[str, Any]]) -> dict[str, str]:
    """Part to outcome, or to the cause of an unknown."""
    return {one["part"]: one["cause"] if one["outcome"] == "unknown" else one["outcome"] for one in verdicts}


def test_sounds_are_good_defect_or_unknown_and_no_fault_is_good(tmp_path: Path, sounds: Path) -> None:
    write_loudness_bundle(tmp_path / "part.bundle", threshold=0.02)
    verdicts, summary = run_station(write_listener(tmp_path))
    found = told(verdicts)
    assert found == {path.name: path.name[2:].partition(".")[0] for path in sorted(sounds.iterdir())}
    assert (summary.good, summary.defect, summary.unknown) == (1, 1, 7)


def test_what_was_heard_is_kept_as_a_wav_that_says_the_same(tmp_path: Path, sounds: Path) -> None:
    write_loudness_bundle(tmp_path / "part.bundle", threshold=0.02)
    run_station(write_listener(tmp_path))
    kept = sorted((tmp_path / "state" / "evidence").rglob("*.wav"))
    wanted = read_samples(sounds / "2-defect.wav", read_header(sounds / "2-defect.wav"))
    contents = [read_samples(path, read_header(path)) for path in kept]
    assert any(np.array_equal(content, wanted) for content in contents)
    assert read_header(kept[0]).bits == 32


def test_a_recording_is_cut_into_parts_that_overlap(tmp_path: Path) -> None:
    write_loudness_bundle(tmp_path / "part.bundle", threshold=0.02)
    quiet, loud = noise(0.3, level=0.05), noise(0.1, level=0.4)
    write_sound(tmp_path / "shift.wav", np.concatenate([quiet, loud, quiet]))
    point = 'source = { kind = "sound-files", path = "shift.wav", window_s = 0.1, hop_s = 0.05 }\n'
    verdicts, _ = run_station(write_listener(tmp_path, point))
    defects = [one["part"] for one in verdicts if one["outcome"] == "defect"]
    assert defects == ["shift.wav@0.250s", "shift.wav@0.300s", "shift.wav@0.350s"]


def test_a_real_sound_gets_the_score_of_the_offline_predictor(tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in ("yes", "no", "noise"):
        shutil.copy(data / "tflite-micro" / f"{name}_1000ms.wav", folder)
    write_anomaly_bundle(tmp_path / "part.bundle", data, rule=AnomalyRule(threshold=100.0))
    verdicts, _ = run_station(write_listener(tmp_path))
    offline = Predictor.open(tmp_path / "part.bundle")
    assert len(verdicts) == 3
    for verdict in verdicts:
        path = folder / verdict["part"]
        header = read_header(path)
        scores = offline.predict(Window(read_samples(path, header), header.rate_hz, 1, 1))
        assert verdict["score"] == float(scores.values[0])
        assert (verdict["outcome"] == "defect") == (scores.values[0] >= 100)


@pytest.fixture
def line() -> Iterator[PtyLine]:
    line = PtyLine()
    yield line
    line.unplug()


def test_a_serial_sensor_is_judged_and_garbage_on_its_line_is_unknown(tmp_path: Path, line: PtyLine) -> None:
    write_loudness_bundle(tmp_path / "part.bundle", threshold=4.0, shape=(1, 4), samples=4, step=4, rate_hz=None)
    point = f'source = {{ kind = "serial", port = "{line.path}", window = 4 }}\n'
    lines = StopAfter(3)
    talking = threading.Event()

    def talk() -> None:
        line.say("?")
        while not lines.stop.is_set():
            for readings in (["1", "-1.5", "1.2", "-1"], ["3", "-3.5", "3.2", "-3"], ["1", "-?", "1.2", "-1"]):
                line.say(*readings)
                talking.wait(0.1)

    talker = threading.Thread(target=talk, name="sensor")
    talker.start()
    try:
        verdicts, _ = run_station(write_listener(tmp_path, point), lines=lines)
    finally:
        lines.stop.set()
        talker.join(5)
    assert set(told([one for one in verdicts if one["cause"] != "source-lost"]).values()) <= {
        "good",
        "defect",
        "bad-frame",
    }
    assert {one["outcome"] for one in verdicts} == {"good", "defect", "unknown"}


@pytest.mark.usefixtures("sounds")
@pytest.mark.parametrize(
    ("source", "spec", "said"),
    [
        ('{ kind = "folder", path = "sounds" }', {}, "judges pictures, found .* input 'series'"),
        ('{ kind = "microphone", rate_hz = 16000 }', {}, "source.rate_hz = 8000, .*found 16000; set it"),
        ('{ kind = "microphone", rate_hz = 8000, window_s = 0.05 }', {}, "at least 0.100 s .*found 400 samples"),
        ('{ kind = "microphone", rate_hz = 8000, channels = 2 }', {}, "wanted 1 channels .*found 2; set channels"),
        ('{ kind = "serial", port = "/dev/none", window = 800 }', {}, "rate_hz = 8000, .*found none; set it"),
    ],
)
def test_a_bundle_that_does_not_fit_its_source_is_refused_at_the_start(tmp_path, source, spec, said) -> None:
    write_loudness_bundle(tmp_path / "part.bundle", **spec)
    with pytest.raises(BadInputError, match=said):
        run_station(write_listener(tmp_path, f"source = {source}\n"))


@pytest.mark.usefixtures("sounds")
def test_a_presence_trigger_over_sounds_is_a_mistake_in_the_file(tmp_path: Path) -> None:
    write_loudness_bundle(tmp_path / "part.bundle")
    with pytest.raises(ConfigRejected, match="sees parts in pictures"):
        run_station(write_listener(tmp_path, FILES + 'trigger = { kind = "presence" }\n'))
