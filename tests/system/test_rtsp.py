"""A real RTSP stream: the contract of every source, and the faults of cameras and networks."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_contracts.station import RtspSource as RtspSettings
from edge_runtime.capture.rtsp import RtspSource, shown_address
from edge_runtime.capture.source import SourceLost
from edge_runtime.clock import MonotonicClock
from tests.edge_runtime.capture.source_contract import SourceContract
from tests.fakes.patience import eventually
from tests.fakes.saboteur import Saboteur
from tests.fakes.stations import run_station, write_station

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.timeout(90)]

PATIENCE_S = 30.0
FPS = 15
DEADLINE_MS = 1000.0
SYSTEM_PYTHONS = ("/usr/bin/python3", "python3")


class Camera:
    """A camera that can be stopped, continued, killed and plugged in again."""

    def __init__(self, python: str, size_px: tuple[int, int] = (320, 240)) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._python = python
        self._size = [str(side_px) for side_px in size_px]
        self.plug_in()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def plug_in(self) -> None:
        script = str(Path(__file__).with_name("rtsp_camera.py"))
        self._process = subprocess.Popen(
            [self._python, script, str(self.port), *self._size],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if said != "ready":
            self.unplug()
            pytest.skip(f"needs a GStreamer RTSP server ({said or 'it did not start'})")

    def stall(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def unplug(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture(params=[(320, 240)], ids=lambda size_px: f"{size_px[0]}x{size_px[1]}")
def camera(request: pytest.FixtureRequest) -> Iterator[Camera]:
    python = next((found for name in SYSTEM_PYTHONS if (found := shutil.which(name))), None)
    if python is None:
        pytest.skip("needs a system Python with gi for the GStreamer RTSP server")
    plugged_in = Camera(python, request.param)
    yield plugged_in
    plugged_in.go_on()
    plugged_in.unplug()


def source_of(url: str, *, read_timeout_s: float = 1.0) -> RtspSource:
    settings = RtspSettings(kind="rtsp", url=url, open_timeout_s=5.0, read_timeout_s=read_timeout_s)
    return RtspSource(settings, MonotonicClock(), threading.Event())


class TestRtsp(SourceContract):
    @pytest.fixture
    def source(self, camera: Camera) -> Iterator[RtspSource]:
        source = source_of(camera.url)
        source.open()
        yield source
        source.close()

    @pytest.fixture
    def absent(self, camera: Camera) -> RtspSource:
        return source_of(camera.url.replace("/cam", "/no-such-camera"))


@pytest.mark.parametrize("camera", [(320, 240), (1920, 1080)], ids=["small", "takes long to decode"], indirect=True)
def test_frames_are_fresh_from_the_first_on(camera: Camera) -> None:
    source = source_of(camera.url)
    source.open()
    begun_s = time.monotonic()
    for _ in range(FPS):
        source.advance()
    took_s = time.monotonic() - begun_s
    source.close()
    assert took_s > 0.8, "fifteen frames of a camera with 15 per second came out of a buffer"


def test_after_a_stall_old_frames_are_dated_old_and_then_the_source_is_lost(camera: Camera) -> None:
    source = source_of(camera.url)
    source.open()
    for _ in range(FPS):
        source.advance()
    camera.stall()
    ages_s: list[float] = []
    with pytest.raises(SourceLost, match="found silence; check the camera's power and network"):
        read_on(source, ages_s)
    source.close()
    assert ages_s[-1] > 0.5


def read_on(source: RtspSource, ages_s: list[float]) -> None:
    """Ten seconds of a camera that lives."""
    for _ in range(FPS * 10):
        source.advance()
        ages_s.append(time.monotonic() - source.reading().captured_at_ns / 1e9)


def held() -> tuple[int, int]:
    """Threads, FFmpeg's too, and open files of this process."""
    return len(list(Path("/proc/self/task").iterdir())), len(list(Path("/proc/self/fd").iterdir()))


def test_a_stream_that_is_opened_again_and_again_leaves_no_thread_and_no_file(camera: Camera) -> None:
    source = source_of(camera.url)
    reopen(source, 1)
    before = held()
    reopen(source, 4)
    absent = source_of(camera.url.replace("/cam", "/no-such-camera"))
    for _ in range(3):
        with pytest.raises(SourceLost):
            absent.open()
    eventually(lambda: held() == before)


def reopen(source: RtspSource, times: int) -> None:
    for _ in range(times):
        source.open()
        source.advance()
        source.reading()
        source.close()


def station(folder: Path, camera: Camera) -> Path:
    point = f"""
source = {{ kind = "rtsp", url = "{camera.url}", open_timeout_s = 3.0, read_timeout_s = 0.5 }}
trigger = {{ kind = "interval", interval_s = 1.0 }}
max_frame_age_ms = 400
health = {{ dark_mean = 0 }}
"""
    return write_station(folder, point, deadline_ms=DEADLINE_MS)


@pytest.mark.parametrize("fault", ["stall", "unplug"])
def test_a_camera_that_fails_makes_parts_unknown_and_is_found_again(camera: Camera, tmp_path: Path, fault: str) -> None:
    harm = [camera.stall, camera.go_on] if fault == "stall" else [camera.unplug, camera.plug_in]
    saboteur = Saboteur(*harm)
    verdicts, _ = run_station(station(tmp_path, camera), lines=saboteur)
    during = saboteur.during
    assert [verdict["outcome"] for verdict in during] == ["unknown"] * 3
    assert {verdict["cause"] for verdict in during} <= {"stale", "no-frame", "source-lost"}
    assert all(verdict["latency_ms"] <= DEADLINE_MS for verdict in during if verdict["cause"] != "stale")
    assert verdicts[-1]["outcome"] == "good", "the camera came back and was not found"


def test_a_password_is_never_shown() -> None:
    assert shown_address("rtsp://operator:s3cret@camera.local:554/1") == "rtsp://camera.local:554"
    with pytest.raises(SourceLost) as caught:
        source_of("rtsp://operator:s3cret@127.0.0.1:1/1").open()
    assert "s3cret" not in str(caught.value)
