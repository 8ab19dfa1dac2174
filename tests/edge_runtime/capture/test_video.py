from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_runtime.capture.source import SourceEnded, SourceLost
from edge_runtime.capture.video import VideoSource
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.pictures import picture, write_film

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES = 5
FPS = 25.0


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "belt.avi", [picture(seed=index) for index in range(FRAMES)], fps=FPS)


def opened(film: Path, clock: FakeClock, *, paced: bool = False, repeat: bool = False) -> VideoSource:
    source = VideoSource(film, clock, threading.Event(), paced=paced, repeat=repeat)
    source.open()
    return source


class TestVideo(SourceContract):
    @pytest.fixture
    def source(self, film: Path) -> Iterator[VideoSource]:
        source = opened(film, FakeClock())
        yield source
        source.close()

    @pytest.fixture
    def absent(self, tmp_path: Path) -> VideoSource:
        return VideoSource(tmp_path / "gone.avi", FakeClock(), threading.Event(), paced=False, repeat=False)


def test_every_frame_is_given_and_then_the_film_ends(film: Path) -> None:
    source = opened(film, FakeClock())
    numbers = [SourceContract.next_frame(source).number for _ in range(FRAMES)]
    assert numbers == list(range(1, FRAMES + 1))
    with pytest.raises(SourceEnded):
        source.advance()


def test_red_is_red(tmp_path: Path) -> None:
    red = np.full((48, 64, 3), (200, 40, 20), np.uint8)
    source = opened(write_film(tmp_path / "red.avi", [red]), FakeClock())
    assert np.abs(SourceContract.next_frame(source).pixels.astype(int) - red).max() <= 3


def test_a_repeated_film_begins_again_and_counts_on(film: Path) -> None:
    source = opened(film, FakeClock(), repeat=True)
    numbers = [SourceContract.next_frame(source).number for _ in range(2 * FRAMES)]
    assert numbers == list(range(1, 2 * FRAMES + 1))


def test_a_paced_film_takes_as_long_as_it_took_to_record(film: Path) -> None:
    clock = FakeClock()
    source = opened(film, clock, paced=True)
    begun_ns = clock.now_ns()
    for _ in range(FRAMES):
        source.advance()
    assert (clock.now_ns() - begun_ns) / NS_PER_S == pytest.approx((FRAMES - 1) / FPS, abs=1e-3)


def test_a_slow_judge_slows_a_paced_film_and_no_burst_follows(film: Path) -> None:
    clock = FakeClock()
    source = opened(film, clock, paced=True)
    source.advance()
    clock.advance(10.0)
    source.advance()
    source.advance()
    assert clock.waits_s[-1] == pytest.approx(1 / FPS, abs=1e-3)


def test_a_file_that_is_no_film_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no film")
    with pytest.raises(SourceLost, match=r"wanted a film that FFmpeg can read, found .*notes\.mp4"):
        opened(path, FakeClock())


@pytest.mark.parametrize("repeat", [False, True])
def test_a_film_without_pictures_is_refused_when_it_is_opened(film: Path, *, repeat: bool) -> None:
    data = film.read_bytes()
    film.write_bytes(data[: data.index(b"movi") + 4])
    with pytest.raises(SourceLost, match=r"wanted pictures in .*belt\.avi, found none"):
        opened(film, FakeClock(), repeat=repeat)
