"""How often free-running points inspect, which the governor may slow down while the daemon runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Paced(Protocol):
    """A trigger that runs by an interval."""

    def set_interval(self, interval_s: float) -> None:
        """From the next tick on; may be called from any thread."""
        ...


class Paces:
    """The free-running triggers of all points, by the points' names."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._triggers: dict[str, tuple[Paced, float]] = {}
        self._slower: Mapping[str, float] = {}

    def add(self, point: str, trigger: Paced, interval_s: float) -> None:
        """A point runs from now on, as configured or as slowly as the governor wants it."""
        with self._lock:
            self._triggers[point] = trigger, interval_s
            self._set(point)

    def forget(self, point: str) -> None:
        """A point is no more."""
        with self._lock:
            self._triggers.pop(point, None)

    def slow_down(self, intervals_s: Mapping[str, float]) -> None:
        """Run the named points at these intervals and all others as configured; no point runs faster than that."""
        with self._lock:
            self._slower = dict(intervals_s)
            for point in self._triggers:
                self._set(point)

    def _set(self, point: str) -> None:
        trigger, configured_s = self._triggers[point]
        trigger.set_interval(max(configured_s, self._slower.get(point, 0.0)))
