"""Serial lines without hardware: a pty whose other end is the test, and two ptys joined like a null modem."""

from __future__ import annotations

import os
import select
import threading
import tty
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.fakes.own_port import OwnPort

if TYPE_CHECKING:
    from collections.abc import Iterator


class SerialLine:
    """A port at `path`; the test reads and writes its other end, and may pull the plug."""

    def __init__(self) -> None:
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self._port = OwnPort(theirs)
        self.path = self._port.path
        self._theirs: int | None = theirs

    def write(self, data: bytes) -> None:
        os.write(self._ours, data)

    def read(self, count: int, timeout_s: float = 5.0) -> bytes:
        """So many bytes that the daemon wrote."""
        data = b""
        while len(data) < count and select.select([self._ours], [], [], timeout_s)[0]:
            data += os.read(self._ours, count - len(data))
        return data

    def fileno(self) -> int:
        return self._ours

    def unplug(self) -> None:
        """The port is gone: what is open fails, and it cannot be opened again."""
        if self._theirs is not None:
            self._port.forget()
            os.close(self._theirs)
            os.close(self._ours)
        self._theirs = None

    def __enter__(self) -> SerialLine:  # noqa: PYI034 - Self is not in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()


@contextmanager
def null_modem() -> Iterator[tuple[str, str]]:
    """The paths of two ports; what is written to one is read from the other."""
    with SerialLine() as one, SerialLine() as other:
        stop = threading.Event()
        pump = threading.Thread(target=_pump, args=(one, other, stop), name="null-modem", daemon=True)
        pump.start()
        try:
            yield one.path, other.path
        finally:
            stop.set()
            pump.join(5)


def _pump(one: SerialLine, other: SerialLine, stop: threading.Event) -> None:
    across = {one.fileno(): other.fileno(), other.fileno(): one.fileno()}
    while not stop.is_set():
        for ready in select.select(list(across), [], [], 0.05)[0]:
            with suppress(OSError):
                os.write(across[ready], os.read(ready, 256))
