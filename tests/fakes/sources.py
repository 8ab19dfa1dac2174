"""Sources that fail on purpose, behind the real Protocol."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_runtime.capture.source import SourceEnded, SourceLost, SourceQuiet
from edge_runtime.frames import Frame
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from edge_runtime.capture.source import Reading


class ScriptedSource:
    """Acts out one letter per step: `f` a frame, `x` lost, `e` the end, `!` a driver's own error, `h` hangs,
    `q` is quiet.

    Args:
        script: what each `advance` does; behind its end the source ends.
        fail_opens: how many times opening fails first.
    """

    def __init__(self, script: str, *, fail_opens: int = 0) -> None:
        self.opened = 0
        self.closed = 0
        self.hanging = threading.Event()
        self.release = threading.Event()
        self._script = list(script)
        self._fail_opens = fail_opens
        self._number = 0

    def open(self) -> None:
        self.opened += 1
        if self.opened <= self._fail_opens:
            raise SourceLost("wanted a camera, found none; check its power")

    def advance(self) -> None:
        step = self._script.pop(0) if self._script else "e"
        if step == "h":
            self.hanging.set()
            self.release.wait(30)
        if step == "e":
            raise SourceEnded("over")
        if step == "q":
            raise SourceQuiet("nothing yet")
        if step == "x":
            raise SourceLost("wanted a frame, found silence; check the cable")
        if step == "!":
            raise ValueError("driver says no")
        self._number += 1

    def reading(self) -> Reading:
        return Frame(picture(seed=self._number), 1, self._number)

    def close(self) -> None:
        self.closed += 1
