"""A camera's stand-in: pictures of a folder at a camera's pace, and the faults of a timetable.

It is a source like any other, behind the daemon's own reader. As from a sensor, no two of its pictures are alike: the
lowest bit of each pixel is noise, the same for the same picture's number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from edge_contracts.errors import BadInputError
from edge_contracts.station.settings import Settings
from edge_runtime.capture.picture_file import SUFFIXES, read_picture
from edge_runtime.capture.source import BadReading, SourceLost
from edge_runtime.frames import Frame
from edge_runtime.rehearsal.fault import FaultKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edge_runtime.capture.source import Reading
    from edge_runtime.clock import Clock
    from edge_runtime.rehearsal.timetable import Timetable

_NS_PER_S = 1_000_000_000
_SILENCE_S = 2.0
"""A stream that is silent for longer is lost, as the daemon's RTSP source has it."""
_POLL_S = 0.05
_PICTURES_MAX = 64
_DARK, _BRIGHT = 1, 254

_SILENT = {FaultKind.SOURCE_STALLS}
_GONE = {FaultKind.SOURCE_DIES}
_SPOILT = {
    FaultKind.SOURCE_FREEZES,
    FaultKind.SOURCE_LAGS,
    FaultKind.PICTURE_DARK,
    FaultKind.PICTURE_BRIGHT,
    FaultKind.PICTURE_GARBAGE,
}


class ScriptedCamera(Settings):
    """In the place of an inspection point's `source` table.

    point: whose camera it stands for.
    path: the folder of the pictures, to be shown.
    period_s: from one picture to the next.
    pictures: H×W×3 uint8 RGB each, given in turn.
    timetable: what goes wrong when.
    """

    kind: Literal["scripted"] = "scripted"
    point: str
    path: str
    period_s: float
    pictures: Annotated[Any, Field(exclude=True, repr=False)]
    timetable: Annotated[Any, Field(exclude=True, repr=False)]


class ScriptedSource:
    """Acts a camera of one inspection point.

    Args:
        camera: what it gives, and what goes wrong.
        clock: stamps the pictures.
        stop: ends every wait.
    """

    def __init__(self, camera: ScriptedCamera, clock: Clock, stop: threading.Event) -> None:
        self._point = camera.point
        self._pictures: Sequence[npt.NDArray[np.uint8]] = camera.pictures
        self._period_ns = int(camera.period_s * _NS_PER_S)
        self._timetable: Timetable = camera.timetable
        self._clock = clock
        self._stop = stop
        self._number = 0
        self._due_ns = 0
        self._last: npt.NDArray[np.uint8] | None = None

    def open(self) -> None:
        """Begin again.

        Raises:
            SourceLost: it is dead at this moment.
        """
        self._fail_if_gone()
        self._number = 0
        self._due_ns = self._clock.now_ns()

    def advance(self) -> None:
        """Wait for the next picture's time.

        Raises:
            SourceLost: it died, or was silent for two seconds.
        """
        self._due_ns = max(self._due_ns + self._period_ns, self._clock.now_ns())
        silent_since_ns = self._clock.now_ns()
        while not self._stop.is_set() and (self._clock.now_ns() < self._due_ns or self._is(_SILENT)):
            self._fail_if_gone()
            if self._is(_SILENT) and self._clock.now_ns() - silent_since_ns > _SILENCE_S * _NS_PER_S:
                raise SourceLost(f"wanted a picture within {_SILENCE_S:g} s, found silence (acted out)")
            left_s = (self._due_ns - self._clock.now_ns()) / _NS_PER_S
            self._clock.wait(self._stop, min(left_s, _POLL_S) if left_s > 0 else _POLL_S)
        self._fail_if_gone()
        self._number += 1

    def reading(self) -> Reading:
        """The picture, or what a fault makes of it."""
        fault = self._timetable.active(self._point, _SPOILT)
        captured_at_ns = self._clock.now_ns()
        kind = fault.kind if fault else None
        if kind is FaultKind.PICTURE_GARBAGE:
            return BadReading("", self._number, captured_at_ns, "wanted a picture, found garbage (acted out)")
        if fault is not None and kind is FaultKind.SOURCE_LAGS:
            captured_at_ns -= int(fault.by_s * _NS_PER_S)
        if kind is not FaultKind.SOURCE_FREEZES or self._last is None:
            self._last = self._picture(kind)
        return Frame(self._last, captured_at_ns, self._number)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _picture(self, kind: FaultKind | None) -> npt.NDArray[np.uint8]:
        pixels = self._pictures[self._number % len(self._pictures)].copy()
        if kind is FaultKind.PICTURE_DARK:
            pixels[...] = _DARK
        if kind is FaultKind.PICTURE_BRIGHT:
            pixels[...] = _BRIGHT
        return _with_noise(pixels, self._number)

    def _is(self, kinds: set[FaultKind]) -> bool:
        return self._timetable.active(self._point, kinds) is not None

    def _fail_if_gone(self) -> None:
        if self._is(_GONE):
            raise SourceLost("wanted a camera, found none (acted out)")


def load_pictures(folder: Path) -> list[npt.NDArray[np.uint8]]:
    """The first 64 pictures of a folder in the order of their names, H×W×3 uint8 RGB each.

    Raises:
        BadInputError: there is none, or one cannot be read.
    """
    files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise BadInputError(f"wanted pictures in {folder}, found none ({', '.join(sorted(SUFFIXES))})")
    return [read_picture(path) for path in files[:_PICTURES_MAX]]


def build(settings: ScriptedCamera, clock: Clock, stop: threading.Event) -> ScriptedSource:
    """Make the source that the rehearsal asks for."""
    return ScriptedSource(settings, clock, stop)


def _with_noise(pixels: npt.NDArray[np.uint8], number: int) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(number).integers(0, 2, pixels.shape[:2], np.uint8)
    pixels[..., 0] = (pixels[..., 0] & 0xFE) | noise
    return pixels
