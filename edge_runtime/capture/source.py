"""A source of readings: what every camera, film, folder and sensor must be able to do, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from edge_contracts.errors import LeptonError
from edge_runtime.frames import Frame, Window

if TYPE_CHECKING:
    import threading

    from edge_contracts.station import Source as SourceSettings
    from edge_runtime.clock import Clock


class SourceLost(LeptonError, ConnectionError):
    """The source cannot be opened or gives nothing any more; the reader closes it and tries again."""


class SourceEnded(LeptonError, EOFError):
    """A folder or film has given its last reading; this is no fault."""


@dataclass(frozen=True, slots=True)
class BadReading:
    """A picture or window that was there and could not be read: its part is unknown.

    name: the source's own name for it (a file name).
    number: counts from 1 per opening of the source, together with the good ones.
    captured_at_ns: monotonic nanoseconds at the moment of the attempt.
    reason: one sentence: what was wanted and found.
    """

    name: str
    number: int
    captured_at_ns: int
    reason: str


Reading: TypeAlias = Frame | Window | BadReading
"""What a source hands over."""


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
        """
        ...

    def reading(self) -> Reading:
        """Hand over what `advance` stepped to, or say why it is none."""
        ...

    def close(self) -> None:
        """Let go of it; closing a closed source does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table: where a kind of source lives.

    module: offers `build(settings, clock, stop) -> Source`.
    live: the world goes on while nobody looks, so only the newest reading counts; otherwise each is handed over.
    camera: stands for a camera, so that identical pictures in a row mean that it froze.
    """

    module: str
    live: bool
    camera: bool


KINDS: dict[str, Kind] = {
    "folder": Kind("edge_runtime.capture.folder", live=False, camera=False),
    "video": Kind("edge_runtime.capture.video", live=False, camera=True),
    "rtsp": Kind("edge_runtime.capture.rtsp", live=True, camera=True),
}


def build_source(settings: SourceSettings, clock: Clock, stop: threading.Event) -> Source:
    """Make a source, not yet open.

    Args:
        settings: the `source` table of an inspection point.
        clock: stamps the readings.
        stop: ends every wait inside the source.
    """
    module: Any = import_module(KINDS[settings.kind].module)
    return cast(Source, module.build(settings, clock, stop))
