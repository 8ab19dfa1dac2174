"""A camera that sends JPEG after JPEG over HTTP (multipart/x-mixed-replace); only the newest counts.

A JPEG is decoded when its picture is wanted, and not before. A camera that gives its own time with each picture
(X-Timestamp) is believed about its age; otherwise a picture is as old as its arrival, except that after a silence
whatever comes in one burst is dropped but for the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_runtime.capture.http_stream import AnswerRefused, HttpStream, open_stream
from edge_runtime.capture.multipart import Multipart, Part, StreamBroken, boundary_of
from edge_runtime.capture.picture_file import PictureRejected, decode_picture
from edge_runtime.capture.rtsp import shown_address
from edge_runtime.capture.source import BadReading, Reading, SourceLost
from edge_runtime.capture.stream_lag import StreamLag
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading

    from edge_contracts.station import MjpegSource as MjpegSettings
    from edge_runtime.clock import Clock

_NS_PER_S: Final = 1_000_000_000
_SILENCE_NS: Final = _NS_PER_S // 4
_BURST_GAP_S: Final = 0.005
"""What follows a silence so closely was held back on the way."""
_BURST_MAX: Final = 300
_LATE_MAX: Final = 10
"""So many late pictures in a row are no hiccup: only a new stream catches up."""


class MjpegSource:
    """One MJPEG stream.

    Args:
        settings: address and time-outs.
        clock: stamps the pictures.
    """

    def __init__(self, settings: MjpegSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._shown = shown_address(settings.url)
        self._stream: HttpStream | None = None
        self._parser = Multipart(b"")
        self._lag = StreamLag()
        self._waiting: list[Part] = []
        self._part = Part(b"")
        self._captured_at_ns = 0
        self._number = self._repeats = 0
        self._late = 0

    def open(self) -> None:
        """Connect and read the head of the answer.

        Raises:
            SourceLost: no stream of pictures within the time-outs.
        """
        self.close()
        try:
            self._stream = open_stream(
                self._settings.url,
                self._clock,
                open_timeout_s=self._settings.open_timeout_s,
                read_timeout_s=self._settings.read_timeout_s,
            )
            self._parser = Multipart(boundary_of(str(self._stream.headers.get("Content-Type", ""))))
        except (OSError, StreamBroken, UnicodeError, ValueError) as error:
            self.close()
            raise SourceLost(
                f"wanted a stream of JPEGs from {self._shown}, found {_told(error)}; "
                "check the camera's power, network, address and password"
            ) from error
        self._lag = StreamLag()
        self._waiting = []
        self._number = self._late = 0

    def advance(self) -> None:
        """Receive the newest picture without decoding it.

        Raises:
            SourceLost: silent for the read time-out, closed, no multipart stream, or behind for good.
        """
        begun_ns = self._clock.now_ns()
        before, self._part = self._part.body, self._next(begun_ns + int(self._settings.read_timeout_s * _NS_PER_S))
        was_silent = self._clock.now_ns() - begun_ns > _SILENCE_NS
        self._skip_what_is_older(_BURST_GAP_S if was_silent else 0.0)
        self._repeats = self._repeats + 1 if self._part.body == before else 0
        self._number += 1
        self._date()

    def reading(self) -> Reading:
        """Decode the JPEG."""
        try:
            pixels = decode_picture(self._part.body, f"a picture of {self._shown}")
        except PictureRejected as error:
            return BadReading("", self._number, self._captured_at_ns, str(error))
        return Frame(pixels, self._captured_at_ns, self._number, repeats=self._repeats)

    def close(self) -> None:
        """Hang up."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _next(self, until_ns: int) -> Part:
        """The newest part that is there, or the first that comes."""
        while not self._waiting:
            self._receive(until_ns)
        newest = self._waiting[-1]
        self._waiting = []
        return newest

    def _skip_what_is_older(self, gap_s: float) -> None:
        for _ in range(_BURST_MAX):
            if self._stream is None or not self._stream.has_more(gap_s):
                break
            self._receive(self._clock.now_ns() + _NS_PER_S)
        if self._waiting:
            self._part, self._waiting = self._waiting[-1], []

    def _receive(self, until_ns: int) -> None:
        stream = self._stream
        if stream is None:
            raise SourceLost(f"wanted a picture from {self._shown}, found the stream closed; open it first")
        try:
            self._waiting += self._parser.feed(stream.read(until_ns))
        except (OSError, StreamBroken) as error:
            raise SourceLost(
                f"wanted a picture from {self._shown} within {self._settings.read_timeout_s:g} s, "
                f"found {_told(error)}; check the camera's power and network"
            ) from error

    def _date(self) -> None:
        self._captured_at_ns = arrived_ns = self._clock.now_ns()
        if self._part.stamp_s is None:
            return
        lag_ns = self._lag.observe(arrived_ns, int(self._part.stamp_s * _NS_PER_S))
        self._captured_at_ns = arrived_ns - lag_ns
        self._late = self._late + 1 if lag_ns > self._settings.read_timeout_s * _NS_PER_S else 0
        if self._late > _LATE_MAX:
            raise SourceLost(f"wanted fresh pictures from {self._shown}, found them {lag_ns / _NS_PER_S:.1f} s behind")


def build(settings: MjpegSettings, clock: Clock, stop: threading.Event) -> MjpegSource:  # noqa: ARG001 - every wait has a time-out
    """Make the source that the configuration asks for."""
    return MjpegSource(settings, clock)


def _told(error: Exception) -> str:
    """What was found, without the address: it may hold a password."""
    if isinstance(error, AnswerRefused):
        return str(error)
    if isinstance(error, TimeoutError):
        return "silence"
    if isinstance(error, StreamBroken):
        return f"another stream ({error})"
    if isinstance(error, ValueError):
        return "an address that is none (signs like @ : / # in a password are written %40 %3A %2F %23)"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
