"""The thread that looks at all gates from outside: an output that hangs cannot say itself that a part passes.

It calls no driver and waits for nobody, so it goes on whatever the outputs and the daemon's loop do.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_runtime.own_thread import OwnThread

if TYPE_CHECKING:
    from edge_runtime.clock import Clock
    from edge_runtime.outputs.line_guard import LineGuard

LOOK_S = 0.05
"""How soon a part that passed is seen."""
_log = logging.getLogger(__name__)


class GateWatch(OwnThread):
    """Has the guard look again and again until it is stopped.

    Args:
        guard: knows the outputs that the line depends on.
        clock: monotonic.
    """

    name = "gate watch"

    def __init__(self, guard: LineGuard, clock: Clock) -> None:
        super().__init__("gate-watch", "the watch at the gates")
        self._guard, self._clock = guard, clock

    def _run(self) -> None:
        while not self._clock.wait(self._stop, LOOK_S):
            self._look()

    def _look(self) -> None:
        try:
            self._guard.look()
        except Exception:  # noqa: BLE001 - the stage loop: this thread must outlive any fault
            _log.exception("a look at the gates failed; they are looked at again")
