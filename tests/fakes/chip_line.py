"""A chip at the far end of a pseudo-terminal, and what may happen to it while it is flashed."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Fault:
    """What happens when so many bytes have been written to the chip's memory.

    kind: "cut" (the adapter is gone), "power" (the chip forgets all but its flash), "nack", "silent" (it hangs until
        the next reset), "flip" (a bit of the memory is another one).
    at: bytes.
    times: how often, each time that writing is begun; 99 stands for always.
    back: whether the adapter is plugged in again.
    """

    kind: str
    at: int
    times: int = 1
    back: bool = False


class LineCut(Exception):
    """The adapter was unplugged."""


class PowerLost(Exception):
    """The chip starts anew."""


class PtyChip:
    """Serves one chip in a thread; `path` is the port. A subclass has `power_on` and `serve`."""

    def __init__(self, folder: Path, fault: Fault | None = None) -> None:
        self.path = str(folder / "chip")
        self.lines_path = str(folder / "chip.lines")
        self.fault = fault
        self.memory = bytearray()
        self.written = 0
        self.silent = False
        self.ended = threading.Event()
        self._lines = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._lines.bind(self.lines_path)
        self._ends: tuple[int, int] | None = None
        self._wake = os.pipe()
        self._plug()
        self._thread = threading.Thread(target=self._run, name="chip", daemon=True)

    def __enter__(self):
        self.power_on()
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.write(self._wake[1], b"x")
        self._thread.join(5)
        assert not self._thread.is_alive()
        self._unplug()
        self._lines.close()
        for end in self._wake:
            os.close(end)

    def power_on(self) -> None:
        """What a reset does."""

    def become(self, **other) -> None:
        """Another chip is at the line."""
        for name, value in other.items():
            setattr(self, name, value)

    def serve(self) -> None:
        """Answer for ever."""
        raise NotImplementedError

    def lines_changed(self, *, dtr: bool, rts: bool) -> None:
        """What the control lines do to the chip."""

    def say(self, data: bytes) -> None:
        if not self.silent:
            os.write(self._ends[0], data)

    def hear(self, count: int) -> bytes:
        """So many bytes from the line."""
        found = b""
        while len(found) < count:
            found += self._piece(count - len(found))
        return found

    def store(self, start: int, content: bytes) -> bool:
        """Write to the memory as flash does; False if the fault of the day wants a refusal."""
        fault = self.fault
        due = fault is not None and fault.times > 0 and self.written <= fault.at < self.written + len(content)
        if due and fault.kind in {"cut", "power", "nack"}:
            fault.times -= 1
            kept = 0 if fault.kind == "nack" else fault.at - self.written
            self._program(start, content[:kept])
            if fault.kind == "nack":
                return False
            self.written = 0
            raise LineCut if fault.kind == "cut" else PowerLost
        self._program(start, content)
        if due and fault.kind == "flip":
            fault.times -= 1
            self.memory[start] ^= 1
        if due and fault.kind == "silent":
            fault.times -= 1
            self.silent = True
        self.written += len(content)
        return True

    def erase(self, start: int, size: int) -> None:
        self.memory[start : start + size] = b"\xff" * size
        self.written = 0

    def _program(self, start: int, content: bytes) -> None:
        # Flash turns ones into zeros; only erasing turns them back.
        for place, byte in enumerate(content, start):
            self.memory[place] &= byte

    def _piece(self, most: int) -> bytes:
        while True:
            ready, _, _ = select.select([self._lines, self._ends[0], self._wake[0]], [], [])
            if self._lines in ready:
                dtr, rts = self._lines.recv(2)
                self.lines_changed(dtr=bool(dtr), rts=bool(rts))
                continue
            if self._wake[0] in ready:
                raise SystemExit
            return os.read(self._ends[0], most)

    def _run(self) -> None:
        with contextlib.suppress(SystemExit):
            while True:
                try:
                    self.serve()
                except PowerLost:
                    self.silent = False
                    self.power_on()
                except LineCut:
                    # What comes back is there before the other end learns that it was gone.
                    gone, self._ends = self._ends, None
                    Path(self.path).unlink()
                    if self.fault.back:
                        self._plug()
                    for end in gone:
                        os.close(end)
                    if not self.fault.back:
                        break
        self.ended.set()

    def _plug(self) -> None:
        master, slave = os.openpty()
        tty.setraw(master)
        tty.setraw(slave)
        self._ends = (master, slave)
        Path(self.path).symlink_to(os.ttyname(slave))

    def _unplug(self) -> None:
        if self._ends is not None:
            Path(self.path).unlink()
            for end in self._ends:
                os.close(end)
            self._ends = None
