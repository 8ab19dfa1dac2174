"""Stopping what was started, in reverse: a part that does not end is counted, and keeps no other from being stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_log = logging.getLogger(__name__)


@final
@dataclass(slots=True)
class Shutdown:
    """A context whose end stops every part that was added, the latest first.

    left_behind: parts that did not end in time, or failed while they ended.
    stuck: those of them that only a restart mends.

    Example:
        with Shutdown() as running:
            running.add("spool", lambda: outbox.stop(8.0))
    """

    left_behind: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    _parts: list[tuple[str, Callable[[], object], bool]] = field(default_factory=list)

    def add(self, name: str, stop: Callable[[], object], *, needs_restart: bool = True) -> None:
        """Stop this part at the end.

        Args:
            name: for the log.
            stop: returns False or raises when the part did not end; waits at most as long as its own time-out.
            needs_restart: a part that did not end is a reason to start the daemon anew.
        """
        self._parts.append((name, stop, needs_restart))

    def __enter__(self) -> Shutdown:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        while self._parts:
            name, stop, needs_restart = self._parts.pop()
            if _ended(name, stop):
                continue
            self.left_behind.append(name)
            if needs_restart:
                self.stuck.append(name)


def _ended(name: str, stop: Callable[[], object]) -> bool:
    try:
        return stop() is not False
    except Exception:  # noqa: BLE001 - the parts that were started earlier must be stopped too
        _log.exception("%s failed while it was stopped", name)
        return False
