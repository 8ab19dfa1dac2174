"""A WAV file or a folder of them, whole or cut into windows; what cannot be read is handed over as a bad reading."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge_runtime.capture.source import BadReading, Reading, SourceEnded, SourceLost
from edge_runtime.capture.wave_file import (
    FOREIGN_SUFFIXES,
    SUFFIXES,
    SoundRejected,
    WaveHeader,
    read_header,
    read_samples,
)
from edge_runtime.frames import Window

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from edge_contracts.station import SoundFilesSource as SoundFilesSettings
    from edge_runtime.clock import Clock

_NS_PER_S = 1_000_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a file is cut into windows.

    window_s, hop_s: length, and distance from start to start.
    """

    window_s: float
    hop_s: float

    def firsts(self, samples: int, rate_hz: int) -> list[int]:
        """Where windows begin; the last one ends with the file, over the one before it. None for too short a file."""
        window, hop = self.window_samples(rate_hz), max(round(self.hop_s * rate_hz), 1)
        if samples < window:
            return []
        firsts = list(range(0, samples - window + 1, hop))
        return firsts if firsts[-1] + window == samples else [*firsts, samples - window]

    def window_samples(self, rate_hz: int) -> int:
        """Samples of one window."""
        return max(round(self.window_s * rate_hz), 1)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What comes next: a stretch of a file, or why it cannot be read."""

    file: Path
    name: str
    header: WaveHeader | None = None
    first: int = 0
    samples: int = 0
    due_ns: int = 0
    reason: str = ""


class SoundFilesSource:
    """Sounds of one file, or of one folder without its sub-folders.

    Args:
        path: the file or folder.
        cutting: None hands each file over as a whole.
        paced: hand windows over at the speed of recording.
        repeat: begin again after the last one; from the second round on a file is called `name~round`.
        stop: ends the wait for the next window's time.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        stop: threading.Event,
        *,
        cutting: Cutting | None = None,
        paced: bool = False,
        repeat: bool = False,
    ) -> None:
        self._path = path
        self._clock = clock
        self._stop = stop
        self._cutting = cutting
        self._paced = paced
        self._repeat = repeat
        self._files: list[Path] = []
        self._strangers = 0
        self._plan: Iterator[_Stretch] = iter(())
        self._next: _Stretch | None = None
        self._number = 0
        self._due_ns = 0

    def open(self) -> None:
        """List the files.

        Raises:
            SourceLost: there is no file, no folder, or no sound in it.
        """
        self._files, self._strangers = _sounds(self._path)
        self._plan = self._stretches()
        self._number = 0
        self._due_ns = self._clock.now_ns()

    def advance(self) -> None:
        """Step to the next window or file, in its time when paced.

        Raises:
            SourceEnded: the last one was given and `repeat` is off.
        """
        self._next = next(self._plan, None)
        if self._next is None:
            raise SourceEnded(f"{self._path} has given its last sound")
        if self._number == 0 and self._strangers:
            others = (
                "1 other entry is no sound" if self._strangers == 1 else f"{self._strangers} other entries are none"
            )
            _log.info("%s: %d sounds; %s, and left alone", self._path, len(self._files), others)
        self._number += 1
        if self._paced:
            self._due_ns = max(self._due_ns + self._next.due_ns, self._clock.now_ns())
            self._clock.wait(self._stop, (self._due_ns - self._clock.now_ns()) / _NS_PER_S)

    def reading(self) -> Reading:
        """Read the window."""
        stretch = self._next
        if stretch is None:
            raise SourceLost(f"wanted a sound of {self._path}, found none yet; check that it was advanced to")
        if stretch.header is None:
            return BadReading(stretch.name, self._number, self._clock.now_ns(), stretch.reason)
        try:
            values = read_samples(stretch.file, stretch.header, stretch.first, stretch.samples)
        except SoundRejected as error:
            return BadReading(stretch.name, self._number, self._clock.now_ns(), str(error))
        return Window(values, stretch.header.rate_hz, self._clock.now_ns(), self._number, stretch.name)

    def close(self) -> None:
        """Forget the list."""
        self._files = []
        self._plan = iter(())
        self._next = None

    def _stretches(self) -> Iterator[_Stretch]:
        turn = 1
        while True:
            for file in self._files:
                yield from self._of_file(file, file.name if turn == 1 else f"{file.name}~{turn}")
            if not self._repeat:
                return
            turn += 1

    def _of_file(self, file: Path, name: str) -> Iterator[_Stretch]:
        try:
            header = read_header(file)
        except SoundRejected as error:
            yield _Stretch(file, name, reason=str(error))
            return
        if self._cutting is None:
            yield _Stretch(file, name, header, 0, header.samples, _duration_ns(header.samples, header))
            return
        firsts, window = (
            self._cutting.firsts(header.samples, header.rate_hz),
            self._cutting.window_samples(header.rate_hz),
        )
        if not firsts:
            found_s = header.samples / header.rate_hz
            reason = f"wanted a sound of at least {self._cutting.window_s:g} s, found {file.name} of {found_s:.3g} s"
            yield _Stretch(file, name, reason=reason)
        end = 0
        for first in firsts:
            step_ns = _duration_ns(first + window - end, header)
            end = first + window
            yield _Stretch(file, f"{name}@{first / header.rate_hz:.3f}s", header, first, window, step_ns)


def build(settings: SoundFilesSettings, clock: Clock, stop: threading.Event) -> SoundFilesSource:
    """Make the source that the configuration asks for."""
    window_s = settings.window_s
    cutting = None if window_s is None else Cutting(window_s, settings.hop_s or window_s)
    paced = settings.pace == "recorded"
    return SoundFilesSource(Path(settings.path), clock, stop, cutting=cutting, paced=paced, repeat=settings.repeat)


def _duration_ns(samples: int, header: WaveHeader) -> int:
    return samples * _NS_PER_S // header.rate_hz


def _sounds(path: Path) -> tuple[list[Path], int]:
    """The sounds, and how many entries of the folder are none."""
    if path.is_file():
        return [path], 0
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise SourceLost(
            f"wanted a WAV file or a folder of them at {path}, found none ({error.strerror}); check the path"
        ) from error
    sounds = [entry for entry in entries if entry.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES]
    if not sounds:
        raise SourceLost(f"wanted .wav files in {path}, found none; check the path of the source")
    return sounds, len(entries) - len(sounds)
