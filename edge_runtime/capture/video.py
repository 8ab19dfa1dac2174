"""A film: every frame is handed over, at the speed of recording or as fast as the parts are judged."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_runtime.blue_first import seen_as_rgb
from edge_runtime.capture.film_index import lacks_index
from edge_runtime.capture.opencv_capture import open_capture
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.capture.source import BadReading, Reading, SourceEnded, SourceLost
from edge_runtime.frames import Frame

if TYPE_CHECKING:
    import threading

    from edge_contracts.station import VideoSource as VideoSettings
    from edge_runtime.clock import Clock

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_EARLY_END = 0.9
"""A film that ends before this share of the frames that its header promises is called cut off in the log."""

_log = logging.getLogger(__name__)


class VideoSource:
    """One video file, read with OpenCV's FFmpeg.

    Args:
        path: the file.
        paced: hand the frames over at the speed of recording; a slow judge slows the film, no frame is skipped.
        repeat: begin again after the last frame.
        stop: ends the wait for the next frame's time.
    """

    def __init__(self, path: Path, clock: Clock, stop: threading.Event, *, paced: bool, repeat: bool) -> None:
        self._path = path
        self._clock = clock
        self._stop = stop
        self._paced = paced
        self._repeat = repeat
        self._capture: Any = None
        self._is_ahead = False
        self._number = 0
        self._of_round = 0
        self._due_ns = 0
        self._position_ms = 0.0

    def open(self) -> None:
        """Open the file.

        Raises:
            SourceLost: it is not there, is no film or has no pictures.
        """
        self.close()
        self._number = 0
        self._rewind()

    def advance(self) -> None:
        """Step to the next frame, in its time when paced.

        Raises:
            SourceEnded: the film is over and `repeat` is off.
        """
        if not self._is_ahead and not self._capture.grab():
            self._end_of_round()
        self._is_ahead = False
        self._number += 1
        self._of_round += 1
        if self._paced:
            self._wait_for_its_time()

    def reading(self) -> Reading:
        """Decode the frame."""
        found, pixels = self._capture.retrieve()
        if not found or pixels is None:
            reason = f"wanted frame {self._number} of {self._path.name}, found that it cannot be decoded"
            return BadReading("", self._number, self._clock.now_ns(), reason)
        return Frame(seen_as_rgb(pixels), self._clock.now_ns(), self._number)

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _rewind(self) -> None:
        cv2 = load_opencv()
        if not self._path.is_file():
            raise SourceLost(f"wanted a film at {self._path}, found no file; check the path of the source")
        if lacks_index(self._path):
            raise SourceLost(
                f"wanted a whole film, found {self._path} without its index, as one that was cut off; "
                "copy or record it again"
            )
        self._capture = open_capture(cv2, str(self._path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            self.close()
            raise SourceLost(
                f"wanted a film that FFmpeg can read, found {self._path} which it cannot: damaged, no film, or of a "
                "kind that it does not know; copy it again, or convert it to MP4 with H.264"
            )
        self._step_to_the_first()
        self._of_round = 0
        self._due_ns = self._clock.now_ns()
        self._position_ms = 0.0

    def _step_to_the_first(self) -> None:
        """A header alone opens, too; the picture stays for `advance`."""
        self._is_ahead = bool(self._capture.grab())
        if not self._is_ahead:
            self.close()
            raise SourceLost(f"wanted pictures in {self._path}, found none; check the file")

    def _end_of_round(self) -> None:
        promised = self._capture.get(load_opencv().CAP_PROP_FRAME_COUNT)
        if self._of_round < _EARLY_END * promised:
            _log.warning("%s ended after %d of %d frames: it may be cut off", self._path, self._of_round, int(promised))
        if not self._repeat:
            raise SourceEnded(f"{self._path} has given its last frame")
        self.close()
        self._rewind()

    def _wait_for_its_time(self) -> None:
        """Each frame is due its recorded distance after the one before; lateness is never caught up by a burst."""
        position_ms = float(self._capture.get(load_opencv().CAP_PROP_POS_MSEC))
        step_ns = int(max(position_ms - self._position_ms, 0.0) * _NS_PER_MS)
        self._position_ms = position_ms
        self._due_ns = max(self._due_ns + step_ns, self._clock.now_ns())
        self._clock.wait(self._stop, (self._due_ns - self._clock.now_ns()) / _NS_PER_S)


def build(settings: VideoSettings, clock: Clock, stop: threading.Event) -> VideoSource:
    """Make the source that the configuration asks for."""
    return VideoSource(Path(settings.path), clock, stop, paced=settings.pace == "recorded", repeat=settings.repeat)
