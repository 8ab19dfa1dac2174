from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.station import RtspSource as RtspSettings
from edge_runtime.capture import rtsp
from edge_runtime.frames import Frame
from tests.fakes.clock import NS_PER_S, FakeClock

if TYPE_CHECKING:
    import numpy.typing as npt

PERIOD_S = 1 / 15


class BufferedCamera:
    """OpenCV's capture of a camera that was running before: the first frames wait in a buffer, then each is due.

    Args:
        decode_s: how long each `grab` takes by itself, as it decodes.
        jitter_s: by how much every second frame is late on the network.
        buffered_s: how old the first frame is.
        has_time: whether the frames have a stream time.
    """

    def __init__(
        self,
        clock: FakeClock,
        decode_s: float,
        jitter_s: float = 0.0,
        *,
        buffered_s: float = 1.7,
        has_time: bool = True,
    ) -> None:
        self._clock, self._decode_s, self._jitter_s, self._has_time = clock, decode_s, jitter_s, has_time
        self._first_ns = clock.now_ns() - int(buffered_s * NS_PER_S)
        self._number = -1
        self.taken_ns = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's
        return True

    def grab(self) -> bool:
        self._number += 1
        self.taken_ns = self._first_ns + int(self._number * PERIOD_S * NS_PER_S)
        here_ns = self.taken_ns + int(self._number % 2 * self._jitter_s * NS_PER_S)
        self._clock.advance(max(here_ns - self._clock.now_ns(), 0) / NS_PER_S + self._decode_s)
        return True

    def get(self, _what: int) -> float:
        return (self.taken_ns - self._first_ns) / 1e6 + 40.0 if self._has_time else 0.0

    def retrieve(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        return True, np.zeros((4, 4, 3), np.uint8)

    def release(self) -> None:
        pass


def opened(
    monkeypatch: pytest.MonkeyPatch, camera: BufferedCamera, clock: FakeClock, stop: threading.Event | None = None
) -> rtsp.RtspSource:
    names = ("CAP_PROP_OPEN_TIMEOUT_MSEC", "CAP_PROP_READ_TIMEOUT_MSEC", "CAP_PROP_POS_MSEC", "CAP_FFMPEG")
    opencv = SimpleNamespace(VideoCapture=lambda *_: camera, utils=cv2.utils, **dict.fromkeys(names, 0))
    monkeypatch.setattr(rtsp, "load_opencv", lambda: opencv)
    source = rtsp.build(RtspSettings(kind="rtsp", url="rtsp://camera/1"), clock, stop or threading.Event())
    source.open()
    return source


def hidden_s(source: rtsp.RtspSource, camera: BufferedCamera) -> float:
    """By how much the next frame is older than it is said to be."""
    source.advance()
    seen = source.reading()
    assert isinstance(seen, Frame)
    return (seen.captured_at_ns - camera.taken_ns) / NS_PER_S


@pytest.mark.parametrize("jitter_s", [0.0, 0.02])
@pytest.mark.parametrize("decode_s", [0.0, 0.004, 0.006, 0.012, 0.025, 0.045])
def test_no_frame_of_a_buffer_is_told_as_fresh_however_long_decoding_takes(
    monkeypatch: pytest.MonkeyPatch, decode_s: float, jitter_s: float
) -> None:
    camera = BufferedCamera(clock := FakeClock(), decode_s, jitter_s)
    source = opened(monkeypatch, camera, clock)
    assert max(hidden_s(source, camera) for _ in range(60)) < decode_s + jitter_s + 0.05


def test_a_stream_that_is_fresh_costs_a_third_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = BufferedCamera(clock := FakeClock(), 0.005, buffered_s=0.0)
    begun_ns = clock.now_ns()
    opened(monkeypatch, camera, clock)
    assert (clock.now_ns() - begun_ns) / NS_PER_S < 0.5


def test_frames_without_a_time_of_their_own_are_handed_over_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    camera = BufferedCamera(clock := FakeClock(), 0.005, has_time=False)
    source = opened(monkeypatch, camera, clock)
    assert "wanted frames at the camera's own pace within 5 s" in caplog.text
    source.advance()
    assert source.reading().captured_at_ns == clock.now_ns()


def test_a_stream_whose_time_stands_still_is_waited_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = BufferedCamera(clock := FakeClock(), 0.005, has_time=False)
    begun_ns = clock.now_ns()
    opened(monkeypatch, camera, clock)
    assert (clock.now_ns() - begun_ns) / NS_PER_S == pytest.approx(1.0, abs=0.1)


class StoppedCamera(BufferedCamera):
    """One whose daemon is told to stop while its buffer is emptied."""

    def __init__(self, clock: FakeClock, stop: threading.Event) -> None:
        super().__init__(clock, 0.05, buffered_s=60.0)
        self._stop = stop

    def grab(self) -> bool:
        if self._number == 9:
            self._stop.set()
        return super().grab()


def test_a_stop_is_heard_while_a_buffer_is_emptied(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, stop = FakeClock(), threading.Event()
    begun_ns = clock.now_ns()
    opened(monkeypatch, StoppedCamera(clock, stop), clock, stop)
    assert (clock.now_ns() - begun_ns) / NS_PER_S < 1.0
    assert caplog.text == ""
