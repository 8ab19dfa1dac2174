"""A running station whose file is changed: each change waits for what the daemon made of the one before."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from edge_runtime.config import load_station
from edge_runtime.notify import Notifier
from edge_runtime.service import Daemon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from edge_runtime.summary import Summary

ENOUGH = 3
"""So many verdicts of each point follow the start, and each reload."""
PATIENCE = 400
"""Verdicts until which a reload must be over and a moment must have come."""


class ServiceManager(Notifier):
    """Plays the service manager.

    Attributes:
        told: all but the signs of life.
        alive_at_s: monotonic, of each sign of life.
        points: that ran when the daemon was last ready.
        ready_at_ns: monotonic, of that moment.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.alive_at_s: list[float] = []
        self.points: list[str] = []
        self.ready_at_ns = 0

    @property
    def reloads(self) -> int:
        """How many are over."""
        return self.told.count("READY=1") - 1

    def _send(self, message: str) -> None:
        word, _, status = message.partition("\n")
        if word == "WATCHDOG=1":
            self.alive_at_s.append(time.monotonic())
            return
        if word == "READY=1":
            self.points = re.findall(r"(\w+): \d+ good", status)
            self.ready_at_ns = time.monotonic_ns()
        self.told.append(word)


class Script(io.StringIO):
    """Takes JSON lines; each step acts, and asks for a reload, once its moment has come.

    No moment comes, nor the end, before the reload of the step before is over and each point has had `ENOUGH` verdicts
    since.

    Args:
        steps: of each, its moment and what it does.
    """

    def __init__(self, *steps: tuple[Callable[[], object], Callable[[], object]]) -> None:
        super().__init__()
        self.stop, self.reload, self.manager = threading.Event(), threading.Event(), ServiceManager()
        self.is_over = False
        self._steps = list(steps)
        self._acted = self._waited = 0
        self._since: Counter[str] = Counter()

    def write(self, text: str) -> int:
        written = super().write(text)
        self._waited += 1
        if self._has_settled(json.loads(text)):
            self._go_on()
        if self._waited > PATIENCE:
            self.stop.set()
        return written

    def _has_settled(self, verdict: dict[str, Any]) -> bool:
        if self.manager.reloads < self._acted or verdict["decided_at_ns"] <= self.manager.ready_at_ns:
            return False
        self._since[verdict["point"]] += 1
        return all(self._since[point] >= ENOUGH for point in self.manager.points)

    def _go_on(self) -> None:
        if not self._steps:
            self.is_over = True
            self.stop.set()
        elif self._steps[0][0]():
            self._steps.pop(0)[1]()
            self._acted += 1
            self._waited = 0
            self._since.clear()
            self.reload.set()

    @property
    def speaking(self) -> set[object]:
        """The points with verdicts since the last reload."""
        return {one["point"] for one in self.verdicts if one["decided_at_ns"] > self.manager.ready_at_ns}

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


def run(station: Path, script: Script, **more: Any) -> Summary:
    """Run the daemon until the script is over, which it must be."""
    daemon = Daemon(
        load_station(station),
        script.manager,
        script.stop,
        lines=script,
        reload=script.reload,
        read_config=lambda: load_station(station),
        **more,
    )
    summary = daemon.run()
    assert script.is_over, f"the script did not come to its end: {script.manager.told}, {summary}"
    return summary


def at_once() -> bool:
    """The moment of a step that waits for nothing more."""
    return True


def nothing() -> None:
    """The step was to wait."""


def told(caplog: pytest.LogCaptureFixture, *words: str) -> Callable[[], bool]:
    """The moment when the log has all these words."""
    return lambda: all(word in caplog.text for word in words)


def changed(station: Path, old: str, new: str, *, count: int = -1) -> Callable[[], None]:
    """The step that replaces words of the file."""

    def act() -> None:
        text = station.read_text("utf-8")
        assert old in text
        station.write_text(text.replace(old, new, count), "utf-8")

    return act


def of(script: Script, point: str) -> list[str]:
    """The outcomes of a point."""
    return [verdict["outcome"] for verdict in script.verdicts if verdict["point"] == point]
