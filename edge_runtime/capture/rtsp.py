"""A network camera over RTSP, read with OpenCV's FFmpeg.

What a stall looks like from here (OpenCV 5.0, FFmpeg 62): with a read time-out of 2 s, grab() returns True twice with
frames that are 2 and 4 s old, then False for ever, even when the camera resumes. So a frame's time comes from the
stream's own clock, and a False closes the stream.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from edge_runtime.blue_first import seen_as_rgb
from edge_runtime.capture.opencv_capture import open_capture
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.capture.source import BadReading, Reading, SourceLost
from edge_runtime.capture.stream_lag import StreamLag
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading

    from edge_contracts.station import RtspSource as RtspSettings
    from edge_runtime.clock import Clock

_MS_PER_S = 1000
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.%\w]+\])(?::\d{1,5})?")
_PACE_NS = 300 * _NS_PER_MS
"""The least stretch of stream time over which the frames' pace is taken: one frame may come early or late."""
_OWN_PACE = 0.9
"""Frames that take at least this share of their own time to arrive come from the camera, not out of a buffer."""
_CATCH_UP_NS = 5 * _NS_PER_S
"""How long frames are dropped for that; buffers of 1.7 s were seen."""
_STILL_NS = _NS_PER_S
"""A stream whose time has not moved for so long has none, and no pace that could be seen."""
_LATE_FRAMES_MAX = 10
"""So many late frames in a row are no hiccup: the stream runs behind and only a new one catches up."""

_log = logging.getLogger(__name__)


class RtspSource:
    """One RTSP stream.

    Args:
        settings: address and time-outs.
        clock: stamps the frames.
        stop: ends the dropping of frames; FFmpeg's own waits end with its time-outs.
    """

    def __init__(self, settings: RtspSettings, clock: Clock, stop: threading.Event) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = stop
        self._shown = shown_address(settings.url)
        self._capture: Any = None
        self._lag = StreamLag()
        self._captured_at_ns = 0
        self._number = 0
        self._late = 0

    def open(self) -> None:
        """Connect, and drop what the camera had buffered.

        Raises:
            SourceLost: no stream within the open time-out.
        """
        self.close()
        cv2 = load_opencv()
        limits = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(self._settings.open_timeout_s * _MS_PER_S)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(self._settings.read_timeout_s * _MS_PER_S)),
        ]
        begun_ns = self._clock.now_ns()
        self._capture = open_capture(cv2, self._settings.url, cv2.CAP_FFMPEG, limits)
        if not self._capture.isOpened():
            self.close()
            raise self._unopened((self._clock.now_ns() - begun_ns) / _NS_PER_S)
        self._number = self._late = 0
        self._catch_up()
        self._lag = StreamLag()

    def advance(self) -> None:
        """Receive the next frame without converting it.

        Raises:
            SourceLost: silent for the read time-out, ended, or running behind for good.
        """
        self._grab()
        self._number += 1
        arrived_ns = self._clock.now_ns()
        lag_ns = self._lag.observe(arrived_ns, self._stream_ns())
        self._captured_at_ns = arrived_ns - lag_ns
        self._late = self._late + 1 if lag_ns > self._settings.read_timeout_s * _NS_PER_S else 0
        if self._late > _LATE_FRAMES_MAX:
            raise SourceLost(f"wanted fresh frames from {self._shown}, found them {lag_ns / _NS_PER_S:.1f} s behind")

    def reading(self) -> Reading:
        """Convert the frame."""
        found, pixels = self._capture.retrieve()
        if not found or pixels is None:
            reason = f"wanted a frame from {self._shown}, found one that cannot be decoded"
            return BadReading("", self._number, self._captured_at_ns, reason)
        return Frame(seen_as_rgb(pixels), self._captured_at_ns, self._number)

    def close(self) -> None:
        """Hang up."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _unopened(self, took_s: float) -> SourceLost:
        """FFmpeg names the cause in a line of its own, except where nothing came within the time."""
        limit_s = self._settings.open_timeout_s
        found = "silence" if took_s >= limit_s else "none"
        return SourceLost(
            f"wanted a stream from {self._shown} within {limit_s:g} s, found {found}; "
            "check the camera's power, network, address and password"
        )

    def _grab(self) -> None:
        if not self._capture.grab():
            raise SourceLost(
                f"wanted a frame from {self._shown} within {self._settings.read_timeout_s:g} s, found silence; "
                "check the camera's power and network"
            )

    def _catch_up(self) -> None:
        """Drop frames until they arrive no faster than the camera makes them; a buffer gives them faster."""
        self._grab()
        arrived_ns, stream_ns = self._clock.now_ns(), self._stream_ns()
        until_ns = arrived_ns + _CATCH_UP_NS
        while self._clock.now_ns() < until_ns:
            if self._stop.is_set():
                return
            self._grab()
            took_ns, shown_ns = self._clock.now_ns() - arrived_ns, self._stream_ns() - stream_ns
            if shown_ns == 0 and took_ns >= _STILL_NS:
                break
            if 0 <= shown_ns < _PACE_NS:
                continue
            if took_ns >= _OWN_PACE * shown_ns >= 0:
                return
            arrived_ns, stream_ns = self._clock.now_ns(), self._stream_ns()
        _log.warning(
            "%s: wanted frames at the camera's own pace within %g s, found that they still come out of a buffer, or "
            "have no time of their own; they may be older than is told; check the load, choose a smaller stream",
            self._shown,
            _CATCH_UP_NS / _NS_PER_S,
        )

    def _stream_ns(self) -> int:
        return int(self._capture.get(load_opencv().CAP_PROP_POS_MSEC) * _NS_PER_MS)


def build(settings: RtspSettings, clock: Clock, stop: threading.Event) -> RtspSource:
    """Make the source that the configuration asks for."""
    return RtspSource(settings, clock, stop)


def shown_address(url: str) -> str:
    """The camera's address as it may be shown: scheme, host and port, nothing else.

    Cameras take passwords before the host, in the path and in the query, and people write them there with signs that an
    address should escape. Where it is not certain what the host is, it is not shown either.
    """
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest[len(authority) :]:
        is_certain = rest.count("@") == 1 and "?" not in rest and not _HOST.fullmatch(authority)
        authority = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0] if is_certain else ""
    host = authority.rpartition("@")[2]
    return f"{scheme}://{host if _HOST.fullmatch(host) else '(hidden)'}"
