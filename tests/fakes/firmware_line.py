"""A microcontroller at a serial port: the C firmware model in real time behind a pty."""

from __future__ import annotations

import os
import subprocess
import threading
import tty
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.fakes.own_port import OwnPort
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from pathlib import Path


class ChipLine:
    """The model runs as long as this is plugged in; `path` is what a station calls its port.

    Attributes:
        parts: number and tick of each part that came. A tick is a microsecond of the monotonic clock.
        pins: level of the reject output and the tick of each change.
        lamps: what each lamp shows.
        away: for how many ticks the host did not let the model run, and the tick when it ran again; above 1000 alone.
    """

    def __init__(self, program: Path) -> None:
        ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self._port = OwnPort(self._theirs)
        self.path = self._port.path
        self.parts: list[tuple[int, int]] = []
        self.pins: list[tuple[int, int]] = []
        self.lamps: dict[int, int] = {}
        self.away: list[tuple[int, int]] = []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen([program, f"fd:{ours}"], text=True, pass_fds=(ours,), **pipes)
        os.close(ours)
        with suppress(PermissionError):  # nothing preempts a real microcontroller
            os.sched_setscheduler(self._process.pid, os.SCHED_FIFO, os.sched_param(1))
        self._reader = threading.Thread(target=self._read, name="chip-line", daemon=True)
        self._reader.start()
        eventually(lambda: bool(self.pins))

    @property
    def rejects(self) -> bool:
        return bool(self.pins[-1][0])

    def part(self) -> int:
        """A part is at the camera; its number."""
        before = len(self.parts)
        self._tell("p")
        eventually(lambda: len(self.parts) > before)
        return self.parts[-1][0]

    def encoder(self, count: int) -> None:
        self._tell(f"e {count}")

    def unplug(self) -> None:
        """The cable is pulled; it stays so."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
            self._reader.join(10)
            self._port.forget()
            os.close(self._theirs)
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()

    def __enter__(self) -> ChipLine:  # noqa: PYI034 - Self is not in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, *numbers = line.split()
            first, second = map(int, numbers)
            if kind == "l":
                self.lamps[first] = second
            else:
                {"p": self.parts, "r": self.pins, "a": self.away}[kind].append((first, second))
