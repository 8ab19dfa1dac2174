"""A byte or a line of text on a serial port announces a part; a line may carry the part's id."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from edge_runtime.terminals.serial_port import LineBuffer, OpenPort
from edge_runtime.trigger.announcement import Announcement

if TYPE_CHECKING:
    from edge_contracts.station import SerialTrigger
    from edge_contracts.station.terminal import SerialPort
    from edge_runtime.clock import Clock

_log = logging.getLogger(__name__)


class ByteWire:
    """Each byte of the wanted value, or each byte at all, is a part.

    Args:
        settings: the `trigger` table.
        clock: stamps what was read.
    """

    def __init__(self, settings: SerialTrigger, clock: Clock) -> None:
        self._port = OpenPort(settings)
        self._wanted = None if settings.byte is None else int(settings.byte, 16)
        self._clock = clock

    def open(self) -> None:
        """Open the port."""
        self._port.open()

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement per byte."""
        data = self._port.read(timeout_s)
        now_ns = self._clock.now_ns()
        return [Announcement(now_ns) for byte in data if self._wanted in {None, byte}]

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()


class LineWire:
    """Each line is a part; with a pattern, each line that has it, and its first group is the part's id.

    Args:
        port: the port.
        clock: stamps what was read.
        pattern: regular expression.
    """

    def __init__(self, port: SerialPort, clock: Clock, pattern: str | None = None) -> None:
        self.not_understood = 0
        self._port = OpenPort(port)
        self._pattern = re.compile(pattern) if pattern is not None else None
        self._clock = clock
        self._lines = LineBuffer()

    def open(self) -> None:
        """Open the port; the rest of an earlier line is forgotten."""
        self._port.open()
        self._lines = LineBuffer()

    def wait(self, timeout_s: float) -> list[Announcement]:
        """One announcement per line that fits."""
        lines = self._lines.lines(self._port.read(timeout_s))
        now_ns = self._clock.now_ns()
        return [announced for line in lines if (announced := self._read(line, now_ns)) is not None]

    def close(self) -> None:
        """Let go of the port."""
        self._port.close()

    def _read(self, line: str, now_ns: int) -> Announcement | None:
        if self._pattern is None:
            return Announcement(now_ns, line.strip())
        found = self._pattern.search(line)
        if found is None:
            self.not_understood += 1
            _log.warning("a line that announces no part (%d so far): %.80r", self.not_understood, line)
            return None
        part = found.group(1) if found.re.groups else None
        return Announcement(now_ns, part or None)


def build(settings: SerialTrigger, name: str, clock: Clock) -> ByteWire | LineWire:
    """The wire of a `serial` trigger."""
    del name
    return ByteWire(settings, clock) if settings.signal == "byte" else LineWire(settings, clock, settings.pattern)
