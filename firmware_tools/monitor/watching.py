"""Frames as they come over a line, or as a recording has them; with when, which way, and what was not understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.serial_link import Frame, Hello, Identify, ReliableLink, StreamDecoder, encode
from firmware_tools.link.recording import CUT, entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from firmware_tools.link import Link

READ_S = 0.1
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame, or one that could not be understood.

    after_ms: since watching, or the recording, began. way: `in` from the chip, `out` to it. why: of what was refused.
    """

    after_ms: float
    way: str
    frame: Frame | None
    why: str = ""


def watch(
    link: Link, now_ns: Callable[[], int], *, session: int | None = None, seconds: float | None = None
) -> Iterator[Seen]:
    """What comes over a line.

    Args:
        link: open.
        now_ns: a monotonic clock.
        session: where one is given, the chip is greeted and answered, so that it says everything once; else nothing is
            written.
        seconds: how long; None until the line breaks.
    """
    began_ns = now_ns()
    answering = _Answering(link, session) if session is not None else None
    decoder = _Ear("in")
    while seconds is None or now_ns() - began_ns < seconds * _NS_PER_S:
        if answering:
            answering.say(now_ns())
        for seen in decoder.hear(link.read(READ_S), (now_ns() - began_ns) / _NS_PER_MS):
            if answering and seen.frame:
                answering.hear(seen.frame)
            yield seen


def replay(path: Path) -> Iterator[Seen]:
    """What a recording has, both ways, without a line.

    Raises:
        BadInputError: it is none.
    """
    ears = {"in": _Ear("in"), "out": _Ear("out")}
    for entry in entries(path):
        if entry.way == CUT:
            why = f"line {entry.number} is cut in the middle: the recording ends before it"
            yield Seen(entry.after_ms, "in", None, why)
        elif entry.way in ears:
            yield from ears[entry.way].hear(entry.data, entry.after_ms)


class _Ear:
    """A decoder that also tells of what it refused."""

    def __init__(self, way: str) -> None:
        self._way, self._decoder = way, StreamDecoder()

    def hear(self, data: bytes, after_ms: float) -> Iterator[Seen]:
        refused = self._decoder.refused
        frames = self._decoder.feed(data)
        if self._decoder.refused > refused:
            more = self._decoder.refused - refused
            why = f"{more} frame{'s' if more > 1 else ''} not understood, the last: {self._decoder.last_refusal}"
            yield Seen(after_ms, self._way, None, why)
        for frame in frames:
            yield Seen(after_ms, self._way, frame)


class _Answering:
    """The daemon's side of a session, as far as a monitor needs it: it greets, and says that it heard."""

    def __init__(self, link: Link, session: int) -> None:
        self._link, self._session = link, session
        self._reliable = ReliableLink()
        self._is_met = False

    def say(self, now_ns: int) -> None:
        data = self._reliable.poll(now_ns) if self._is_met else encode(Frame(Identify(self._session)))
        if data:
            self._link.write(data)

    def hear(self, frame: Frame) -> None:
        if isinstance(frame.message, Hello):
            if frame.message.session == self._session and not self._is_met:
                self._is_met = True
                self._reliable.restart()
            elif frame.message.session == 0:
                self._is_met = False
        elif self._is_met:
            self._reliable.hear(frame)
