"""A serial line without a cable: the test writes at one end, the source reads at the other."""

from __future__ import annotations

import os
import tty

from tests.fakes.own_port import OwnPort


class PtyLine:
    """A pseudo-terminal in raw mode; `path` is what a station calls its port."""

    def __init__(self) -> None:
        self._sensor, self._station = os.openpty()
        tty.setraw(self._station)
        self._port = OwnPort(self._station)
        self.path = self._port.path

    def say(self, *lines: str | bytes) -> None:
        for line in lines:
            os.write(self._sensor, line if isinstance(line, bytes) else line.encode() + b"\r\n")

    def unplug(self) -> None:
        self._port.forget()
        for end in (self._sensor, self._station):
            try:
                os.close(end)
            except OSError:
                continue
