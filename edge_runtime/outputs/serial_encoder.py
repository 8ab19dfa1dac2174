"""An encoder that writes its count as a line of text; a count that falls was set anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_runtime.outputs.belt import Moved
from edge_runtime.terminals.serial_port import LineBuffer, OpenPort
from edge_runtime.terminals.wire import WireLost

if TYPE_CHECKING:
    from edge_contracts.station import SerialEncoder
    from edge_runtime.clock import Clock

SILENT_NS: Final = 1_000_000_000
"""An encoder that writes nothing for so long after it was opened writes only when the belt moves."""
_log = logging.getLogger(__name__)


class LineEncoder:
    """Reads counts.

    Args:
        settings: the `encoder` table.
        clock: stamps what was read.
    """

    def __init__(self, settings: SerialEncoder, clock: Clock) -> None:
        self._port = OpenPort(settings)
        self._clock = clock
        self._lines = LineBuffer()
        self._count: int | None = None
        self._silent_from_ns: int | None = None

    def open(self) -> None:
        """Open the port; counting begins with the first line, or when none has come for `SILENT_NS`."""
        self._port.open()
        self._lines, self._count, self._silent_from_ns = LineBuffer(), None, self._clock.now_ns()

    def wait(self, timeout_s: float) -> list[Moved]:
        """One movement per line, and one that says that the belt stands where there are no lines at first.

        Raises:
            WireLost: the port is gone, or the count has fallen: then nobody knows how far the belt has come.
        """
        lines = self._lines.lines(self._port.read(timeout_s))
        now_ns = self._clock.now_ns()
        heard = [moved for line in lines if (moved := self._read(line.strip(), now_ns)) is not None]
        if self._silent_from_ns is not None and not heard and now_ns - self._silent_from_ns >= SILENT_NS:
            heard.append(Moved(now_ns, 0))
        if heard:
            self._silent_from_ns = None
        return heard

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()

    def _read(self, line: str, now_ns: int) -> Moved | None:
        if not (line.isascii() and line.isdigit()):
            _log.warning("a line of the encoder that is no count: %.40r", line)
            return None
        count, before = int(line), self._count
        self._count = count
        if before is not None and count < before:
            raise WireLost(f"wanted a count of at least {before}, found {count}; check whether the encoder was reset")
        return Moved(now_ns, 0 if before is None else count - before)


def build(settings: SerialEncoder, clock: Clock) -> LineEncoder:
    """The encoder of kind `serial`."""
    return LineEncoder(settings, clock)
