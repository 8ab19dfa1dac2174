"""A line written down as it is used, and played again without a chip: for a fault report, and for tests.

A recording is lines of JSON: `{"ms": 12.5, "way": "out", "hex": "7f"}`; `way` is "out" (to the chip), "in", "baud" or
"lines".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError
from firmware_tools.link.link import LinkLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TextIO

    from firmware_tools.link.link import Link

_NS_PER_MS = 1_000_000


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
        try:
            entries = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
            self._left = [(one["way"], bytes.fromhex(one["hex"])) for one in entries if one["way"] in {"in", "out"}]
        except (KeyError, TypeError, ValueError) as error:
            raise BadInputError(f"wanted a recording of a line in {path}, found {error!r}; record it again") from error

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
            way, recorded = self._left[0] if self._left else ("the end", b"")
            if way != "out" or not (recorded.startswith(data) or data.startswith(recorded)):
                raise LinkLost(
                    f"wanted {way} {recorded[:16].hex()} as recorded in {self._path}, found {data[:16].hex()} sent; "
                    "the recording is of another talk: record it again"
                )
            taken = min(len(data), len(recorded))
            data, rest = data[taken:], recorded[taken:]
            self._left[0:1] = [("out", rest)] if rest else []

    def set_baud(self, baud: int) -> None:
        """Nothing: a recording has no speed."""

    def set_lines(self, *, dtr: bool, rts: bool) -> None:
        """Nothing: a recording has no lines."""

    def close(self) -> None:
        """Nothing."""
