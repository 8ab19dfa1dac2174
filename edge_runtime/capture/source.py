"""A source of readings: what every camera, film, folder and sensor must be able to do, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast, runtime_checkable

from edge_contracts.errors import LeptonError
from edge_contracts.verdict import Cause
from edge_runtime.frames import Arrival, Frame, Window

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge_contracts.station import Source as SourceSettings
    from edge_runtime.clock import Clock


class SourceLost(LeptonError, ConnectionError):
    """The source cannot be opened or gives nothing any more; the reader closes it and tries again."""


class SourceEnded(LeptonError, EOFError):
    """A folder or film has given its last reading; this is no fault."""


class SourceQuiet(LeptonError):
    """There is nothing new yet and that is no fault, as in a watched folder; the reader steps again at once."""


@dataclass(frozen=True, slots=True)
class BadReading:
    """A picture or window that was there and could not be read: its part is unknown.

    name: the source's own name for it (a file name).
    number: counts from 1 per opening of the source, together with the good ones.
    captured_at_ns: monotonic nanoseconds at the moment of the attempt.
    reason: one sentence: what was wanted and found.
    cause: what the part's verdict names.
    arrival: of its file in a watched folder, None for any other source.
    """

    name: str
    number: int
    captured_at_ns: int
    reason: str
    cause: Cause = Cause.BAD_FRAME
    arrival: Arrival | None = None

    def taken_at(self, now_ns: int) -> BadReading:
        """The same, attempted at another moment."""
        return BadReading(self.name, self.number, now_ns, self.reason, self.cause, self.arrival)


Reading: TypeAlias = Frame | Window | BadReading
"""What a source hands over."""


def arrival_of(reading: Reading) -> Arrival | None:
    """When its file came into a watched folder, None for any other source."""
    return None if isinstance(reading, Window) else reading.arrival


class Source(Protocol):
    """One source of pictures or windows, used by one thread."""

    def open(self) -> None:
        """Open it; opening an open source begins again.

        Raises:
            SourceLost: it is not there; the message says what was wanted, found, and what to do.
        """
        ...

    def advance(self) -> None:
        """Step to the next reading without decoding more than needed; blocks until there is one.

        Raises:
            SourceEnded: there was a last reading and it was given.
            SourceLost: the source is gone or silent for longer than its time-out.
            SourceQuiet: nothing came within about a second, and nothing had to.
        """
        ...

    def reading(self) -> Reading:
        """Hand over what `advance` stepped to, or say why it is none."""
        ...

    def close(self) -> None:
        """Let go of it; closing a closed source does nothing."""
        ...


@runtime_checkable
class Attends(Protocol):
    """A source that must look on while nobody wants what it stepped to, to know when the next one comes."""

    def attend(self) -> None:
        """Look once; what `advance` stepped to stays.

        Raises:
            SourceLost: it is gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table: where a kind of source lives.

    module: offers `build(settings, clock, stop) -> Source`; or, where `remembers`, `builder(settings, clock)`, which
        gives a function of `stop` alone; and `require()` where it needs an extra.
    live: the world goes on while nobody looks, so only the newest reading counts; otherwise each is handed over.
    camera: stands for a camera, so that identical pictures in a row mean that it froze.
    remembers: a source that is built anew after its thread was left behind must know what an earlier one did.
    """

    module: str
    live: bool
    camera: bool
    remembers: bool = False


KINDS: dict[str, Kind] = {
    "folder": Kind("edge_runtime.capture.folder", live=False, camera=False, remembers=True),
    "video": Kind("edge_runtime.capture.video", live=False, camera=True),
    "rtsp": Kind("edge_runtime.capture.rtsp", live=True, camera=True),
    "mjpeg": Kind("edge_runtime.capture.mjpeg", live=True, camera=True),
    "sound-files": Kind("edge_runtime.capture.sound_files", live=False, camera=False),
    "microphone": Kind("edge_runtime.capture.microphone", live=True, camera=False),
    "serial": Kind("edge_runtime.capture.serial_line", live=True, camera=False),
    "v4l2": Kind("edge_runtime.capture.v4l2", live=True, camera=True, remembers=True),
    "csi": Kind("edge_runtime.capture.csi", live=True, camera=True, remembers=True),
    "scripted": Kind("edge_runtime.rehearsal.scripted_source", live=True, camera=True),
}
"""`scripted` stands for a camera in rehearsals and tests; no station.toml can ask for it."""


def source_builder(settings: SourceSettings, clock: Clock) -> Callable[[threading.Event], Source]:
    """What makes the sources of one point, not yet open: one per thread that reads it, of which most points need one.

    Args:
        settings: the `source` table of an inspection point.
        clock: stamps the readings.

    Returns:
        A function of the event that ends every wait inside the source.

    Raises:
        MissingExtraError: a library that this kind of source needs is not installed.
    """
    kind = KINDS[settings.kind]
    module: Any = import_module(kind.module)
    if (require := getattr(module, "require", None)) is not None:
        require()
    if kind.remembers:
        return cast("Callable[[threading.Event], Source]", module.builder(settings, clock))
    return lambda stop: cast(Source, module.build(settings, clock, stop))


def build_source(settings: SourceSettings, clock: Clock, stop: threading.Event) -> Source:
    """Make a single source, not yet open; the arguments are those of `source_builder`."""
    return source_builder(settings, clock)(stop)
