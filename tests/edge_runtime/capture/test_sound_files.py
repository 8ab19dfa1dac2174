from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_runtime.capture.sound_files import Cutting, SoundFilesSource
from edge_runtime.capture.source import BadReading, SourceEnded, SourceLost
from edge_runtime.frames import Window
from tests.edge_runtime.capture.source_contract import WindowContract
from tests.fakes.clock import FakeClock
from tests.fakes.sounds import RATE_HZ, noise, write_sound

if TYPE_CHECKING:
    from pathlib import Path

TENTH = Cutting(0.1, 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index, name in enumerate(["b.wav", "a.WAV", "c.wave"]):
        write_sound(tmp_path / name, noise(0.25, seed=index))
    return tmp_path


def sounds(path: Path, clock: FakeClock | None = None, **options) -> SoundFilesSource:
    return SoundFilesSource(path, clock or FakeClock(), threading.Event(), **options)


class TestSoundFiles(WindowContract):
    @pytest.fixture
    def source(self, folder: Path) -> SoundFilesSource:
        source = sounds(folder)
        source.open()
        return source

    @pytest.fixture
    def absent(self, tmp_path: Path) -> SoundFilesSource:
        return sounds(tmp_path / "gone")


class TestWindowsOfAFile(WindowContract):
    @pytest.fixture
    def source(self, folder: Path) -> SoundFilesSource:
        source = sounds(folder / "b.wav", cutting=TENTH)
        source.open()
        return source

    @pytest.fixture
    def absent(self, tmp_path: Path) -> SoundFilesSource:
        (tmp_path / "empty").mkdir()
        return sounds(tmp_path / "empty")


def drained(source: SoundFilesSource, most: int = 50) -> list:
    source.open()
    found = []
    while len(found) < most:
        try:
            source.advance()
        except SourceEnded:
            break
        found.append(source.reading())
    return found


def test_each_file_is_one_reading_in_the_order_of_names(folder: Path) -> None:
    found = drained(sounds(folder))
    assert [(one.name, len(one.values)) for one in found] == [("a.WAV", 2000), ("b.wav", 2000), ("c.wave", 2000)]


def test_no_sample_of_a_file_goes_unjudged(folder: Path) -> None:
    found = drained(sounds(folder / "b.wav", cutting=TENTH))
    assert [one.name for one in found] == ["b.wav@0.000s", "b.wav@0.100s", "b.wav@0.150s"]
    whole = drained(sounds(folder / "b.wav"))[0].values
    np.testing.assert_array_equal(np.concatenate([found[0].values, found[1].values, found[2].values[400:]]), whole)


def test_windows_may_overlap(folder: Path) -> None:
    found = drained(sounds(folder / "b.wav", cutting=Cutting(0.1, 0.05)))
    assert [one.name.partition("@")[2] for one in found] == ["0.000s", "0.050s", "0.100s", "0.150s"]
    np.testing.assert_array_equal(found[0].values[400:], found[1].values[:400])


def test_a_file_shorter_than_a_window_is_a_bad_reading(tmp_path: Path) -> None:
    write_sound(tmp_path / "short.wav", noise(0.05))
    (bad,) = drained(sounds(tmp_path, cutting=TENTH))
    assert isinstance(bad, BadReading)
    assert "at least 0.1 s, found short.wav of 0.05 s" in bad.reason


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all"])
def test_a_damaged_file_is_handed_over_as_a_bad_reading_and_the_next_is_read(folder: Path, content: bytes) -> None:
    (folder / "a.WAV").write_bytes(content)
    bad, good, _ = drained(sounds(folder))
    assert isinstance(bad, BadReading)
    assert bad.name == "a.WAV"
    assert isinstance(good, Window)


def test_a_sound_of_a_kind_that_is_not_read_is_not_passed_over(folder: Path) -> None:
    (folder / "0.mp3").write_bytes(b"ID3")
    assert isinstance(drained(sounds(folder))[0], BadReading)


def test_a_repeated_folder_gives_every_part_a_name_of_its_own(folder: Path) -> None:
    names = [one.name for one in drained(sounds(folder, repeat=True), 5)]
    assert names == ["a.WAV", "b.wav", "c.wave", "a.WAV~2", "b.wav~2"]


def test_a_paced_file_takes_as_long_as_it_lasts(folder: Path) -> None:
    clock = FakeClock()
    begun_ns = clock.now_ns()
    found = drained(sounds(folder / "b.wav", clock, cutting=TENTH, paced=True))
    assert [round((one.captured_at_ns - begun_ns) / 1e9, 3) for one in found] == [0.1, 0.2, 0.25]


def test_a_file_in_place_of_a_folder_says_its_rate(folder: Path) -> None:
    assert drained(sounds(folder / "b.wav"))[0].rate_hz == RATE_HZ


def test_a_folder_without_sounds_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match=r"wanted \.wav files in .*found none"):
        sounds(tmp_path).open()
