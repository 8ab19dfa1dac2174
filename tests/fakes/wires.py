"""A wire whose words a test lays in, behind the real Protocol."""

from __future__ import annotations

import threading
from typing import Any

from edge_runtime.terminals.wire import WireLost


class ScriptedWire:
    """Gives one entry per wait: a list is heard, an exception is raised; behind its end it is silent.

    Args:
        script: what each `wait` does.
        fail_opens: how many times opening fails first.
    """

    def __init__(self, *script: list[Any] | Exception, fail_opens: int = 0) -> None:
        self.opened = 0
        self.closed = 0
        self.silent = threading.Event()
        self._script = list(script)
        self._fail_opens = fail_opens

    def open(self) -> None:
        self.opened += 1
        if self.opened <= self._fail_opens:
            raise WireLost("wanted a wire, found none; check the cable")

    def wait(self, timeout_s: float) -> list[Any]:
        if not self._script:
            self.silent.set()
            threading.Event().wait(min(timeout_s, 0.01))
            return []
        said = self._script.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    def close(self) -> None:
        self.closed += 1
