"""A line written down as it is used, and played again without a chip: for a fault report, and for tests.

A recording is lines of JSON: `{"ms": 12.5, "way": "out", "hex": "7f"}`; `way` is "out" (to the chip), "in", "baud" or
"lines".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from firmware_tools.link.link import LinkLost
from firmware_tools.plain_file import require_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from firmware_tools.link.link import Link

WAYS = ("in", "out", "baud", "lines")
CUT = "cut"
_SHOWN_BYTES = 16
_NS_PER_MS = 1_000_000
_MOST_MS = 1e12
"""Thirty years; a later time is no time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a recording.

    number: of the line, from 1. way: one of `WAYS`, or `CUT` for a last line that was not written to its end.
    after_ms: since the recording began.
    """

    number: int
    way: str
    after_ms: float
    data: bytes


def entries(path: Path) -> Iterator[Entry]:
    """What a recording has.

    Raises:
        BadInputError: it is none; the line that is wrong is named.
    """
    require_plain(path, "a recording of 'monitor --record'")
    try:
        content = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = (
            "bytes that are no text" if isinstance(error, UnicodeDecodeError) else f"that it cannot be read ({error})"
        )
        raise BadInputError(f"wanted a recording in {path}, found {found}; give one of 'monitor --record'") from error
    lines, after_ms = content.splitlines(), 0.0
    if not content.strip():
        raise BadInputError(f"wanted a recording in {path}, found nothing in it; give one of 'monitor --record'")
    for number, line in enumerate(lines, 1):
        try:
            entry = _entry(number, line)
        except ValueError as error:
            if 1 < number == len(lines) and not content.endswith("\n"):
                yield Entry(number, CUT, after_ms, b"")
                return
            raise BadInputError(
                f"wanted lines of JSON in {path}, found line {number}: {error}; give one of 'monitor --record'"
            ) from error
        after_ms = entry.after_ms
        yield entry


def _entry(number: int, line: str) -> Entry:
    """One line; ValueError says what is wrong with it."""
    try:
        entry = json.loads(line)
    except RecursionError as error:
        raise ValueError("lists or objects nested too deep") from error
    if not isinstance(entry, dict) or entry.get("way") not in WAYS:
        raise ValueError(f"no object with a way of {', '.join(WAYS)}")
    way, after_ms, data = entry["way"], entry.get("ms"), entry.get("hex", "")
    if isinstance(after_ms, bool) or not isinstance(after_ms, int | float):
        raise ValueError("no number as ms")  # noqa: TRY004 - a value from outside
    if not 0 <= after_ms <= _MOST_MS:  # nor is NaN, which compares with nothing
        raise ValueError(f"no ms from 0 to {_MOST_MS:g}")
    if not isinstance(data, str) or ("hex" not in entry and way in {"in", "out"}):
        raise ValueError("no text as hex")
    return Entry(number, way, float(after_ms), bytes.fromhex(data))


class RecordedLink:
    """A line whose bytes are written down on their way.

    Args:
        link: the line.
        target: where the recording goes; each entry is flushed, so that a crash loses none.
        now_ns: a monotonic clock.
    """

    def __init__(self, link: Link, target: TextIO, now_ns: Callable[[], int]) -> None:
        self._link, self._target, self._now_ns = link, target, now_ns
        self._began_ns = now_ns()

    def read(self, timeout_s: float) -> bytes:
        """What came."""
        found = self._link.read(timeout_s)
        if found:
            self._note("in", hex=found.hex())
        return found

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._note("out", hex=data.hex())
        self._link.write(data)

    def set_baud(self, baud: int) -> None:
        """Go on at another speed."""
        self._note("baud", baud=baud)
        self._link.set_baud(baud)

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Assert or release DTR and RTS."""
        self._note("lines", dtr=dtr, rts=rts)
        self._link.set_lines(dtr=dtr, rts=rts)

    def close(self) -> None:
        """Let go of the line; the recording is its owner's to close."""
        self._link.close()

    def _note(self, way: str, **what: Any) -> None:
        after_ms = round((self._now_ns() - self._began_ns) / _NS_PER_MS, 3)
        self._target.write(json.dumps({"ms": after_ms, "way": way, **what}) + "\n")
        self._target.flush()


class ReplayedLink:
    """A recording played again: what the chip said comes as soon as what it answered to was sent.

    Args:
        path: the recording.

    Raises:
        BadInputError: it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = [(one.way, one.data) for one in entries(path) if one.way in {"in", "out"}]

    def read(self, timeout_s: float) -> bytes:  # noqa: ARG002 - a recording has no time
        """What the chip said next; empty while it waits for something, and where the recording ends."""
        if self._left and self._left[0][0] == "in":
            return self._left.pop(0)[1]
        return b""

    def write(self, data: bytes) -> None:
        """Take what is sent, which must be what was sent when it was recorded.

        Raises:
            LinkLost: it is not.
        """
        while data:
            way, recorded = self._left[0] if self._left else (CUT, b"")
            taken = min(len(recorded), len(data))
            if way != "out" or recorded[:taken] != data[:taken]:
                raise self._another_talk(way, recorded, data)
            data, rest = data[taken:], recorded[taken:]
            self._left[0:1] = [("out", rest)] if rest else []

    def set_baud(self, baud: int) -> None:
        """Nothing: a recording has no speed."""

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Nothing: a recording has no lines."""

    def close(self) -> None:
        """Nothing."""

    def _another_talk(self, way: str, recorded: bytes, data: bytes) -> LinkLost:
        at = next((at for at, pair in enumerate(zip(recorded, data, strict=False)) if pair[0] != pair[1]), 0)
        here = slice(at, at + _SHOWN_BYTES)
        wanted = {"out": f"{recorded[here].hex()} to be sent", "in": "that what the chip said next is read"}
        return LinkLost(
            f"wanted {wanted.get(way, 'nothing more to be sent')}, as recorded in {self._path}, found "
            f"{data[here].hex()} sent; the recording is of another talk: record this one"
        )
