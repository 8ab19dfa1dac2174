"""A source that comes and goes for weeks leaves nothing behind: 200 openings, counted threads, files and memory."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import FolderSource, MjpegSource, VideoSource
from edge_runtime.capture.backoff import Backoff
from edge_runtime.capture.reader import Reader
from edge_runtime.capture.source import KINDS, SourceLost, SourceQuiet, source_builder
from edge_runtime.clock import MonotonicClock
from tests.fakes.clock import FakeClock
from tests.fakes.mjpeg_camera import MjpegCamera, jpeg, part
from tests.fakes.pictures import picture, write_film, write_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_contracts.station import Source as SourceSettings
    from edge_runtime.capture.source import Reading, Source

TIMES = 200
PATIENCE_S = 20.0
BYTES_PER_OPENING = 200


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    plugged_in = MjpegCamera(period_s=0.0)
    yield plugged_in
    plugged_in.unplug()


@pytest.fixture(params=["folder", "watched", "video", "mjpeg", "mjpeg that is silent"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, camera: MjpegCamera) -> SourceSettings:
    write_picture(tmp_path / "a.png", picture())
    write_film(tmp_path / "film.avi", [picture(seed=seed) for seed in range(2)])
    if request.param == "mjpeg that is silent":
        camera.flowing.clear()
    return {
        "folder": FolderSource(kind="folder", path=str(tmp_path)),
        "watched": FolderSource(kind="folder", path=str(tmp_path), watch=True, after="delete", settle_s=0.001),
        "video": VideoSource(kind="video", path=str(tmp_path / "film.avi"), pace="fast"),
        "mjpeg": MjpegSource(kind="mjpeg", url=camera.url),
        "mjpeg that is silent": MjpegSource(kind="mjpeg", url=camera.url, read_timeout_s=0.002),
    }[request.param]


def held() -> tuple[int, int]:
    """Threads and open files of this process."""
    gc.collect()
    readers = [thread for thread in threading.enumerate() if not thread.name.startswith(("mjpeg", "Thread"))]
    return len(readers), len(list(Path("/proc/self/fd").iterdir()))


def test_two_hundred_openings_leave_no_thread_file_or_memory(settings: SourceSettings, camera: MjpegCamera) -> None:
    without_waits = threading.Event()
    without_waits.set()
    source = source_builder(settings, MonotonicClock())(without_waits)
    use(source, 5)
    camera.settle()
    before = held()
    tracemalloc.start()
    use(source, 5)
    first = traced(camera)
    use(source, TIMES)
    grown = traced(camera) - first
    tracemalloc.stop()
    assert held() == before
    assert grown < BYTES_PER_OPENING * TIMES


def traced(camera: MjpegCamera) -> int:
    """Bytes that Python holds once the camera, which lives in this process, has let go of its connections."""
    camera.settle()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def use(source: Source, times: int) -> None:
    for _ in range(times):
        try:
            source.open()
            source.advance()
            source.reading()
        except (SourceLost, SourceQuiet):
            pass
        finally:
            source.close()


class Flaky:
    """Gives one reading per opening and dies."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self._fresh = False

    def open(self) -> None:
        self._inner.open()
        self._fresh = True

    def advance(self) -> None:
        if not self._fresh:
            raise SourceLost("wanted a frame, found silence; check the cable")
        self._fresh = False
        self._inner.advance()

    def reading(self) -> Reading:
        return self._inner.reading()

    def close(self) -> None:
        self._inner.close()


def test_a_reader_reopens_two_hundred_times_and_counts_each(camera: MjpegCamera) -> None:
    settings = MjpegSource(kind="mjpeg", url=camera.url)
    build: Callable[[threading.Event], Source] = source_builder(settings, MonotonicClock())
    before = held()
    clock = FakeClock()
    reader = Reader(
        "gate",
        lambda stop: Flaky(build(stop)),
        live=KINDS["mjpeg"].live,
        clock=clock,
        backoff=Backoff(lambda: 1.0, first_s=0.5),
        stuck_after_s=1e6,
    )
    reader.start()
    for _ in range(TIMES):
        assert reader.take(PATIENCE_S) is not None
    assert reader.stop(PATIENCE_S)
    camera.settle()
    assert held() == before
    counts = reader.counts
    assert counts.opened >= TIMES
    assert counts.lost >= counts.opened - 1
    assert counts.frames >= counts.converted >= TIMES
    assert reader.without_source_s >= (TIMES - 1) * 0.5, "each loss costs at least a wait"


def test_a_camera_that_was_unplugged_while_it_was_read_is_found_again() -> None:
    first = MjpegCamera(make_part=lambda number: part(jpeg(number)))
    settings = MjpegSource(kind="mjpeg", url=first.url, read_timeout_s=0.2)
    source = source_builder(settings, MonotonicClock())(threading.Event())
    source.open()
    source.advance()
    first.unplug()
    with pytest.raises(SourceLost):
        read_on(source)
    again = MjpegCamera(port=first.port)
    source.open()
    source.advance()
    source.close()
    again.unplug()


def read_on(source: Source) -> None:
    for _ in range(1000):
        source.advance()
