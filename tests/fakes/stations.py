"""Whole stations on disk: a real bundle, real pictures, a configuration, and a daemon that runs them."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_runtime.config import load_station
from edge_runtime.infer.predictor import Predictor
from edge_runtime.model_loading import load_predictor
from edge_runtime.notify import Notifier
from edge_runtime.service import Daemon
from tests.fakes.models import BundleRecipe, write_brightness_bundle
from tests.fakes.pictures import picture, write_picture

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from edge_contracts.station import Point
    from edge_runtime.frames import Scores, Subject
    from edge_runtime.summary import Summary

GOOD_LEVEL = 100
DEFECT_LEVEL = 220
THRESHOLD = 0.6

HEAD = """
[station]
org = "acme"
site = "north"
device = "line-1"
hang_restart_s = {hang_restart_s}

[[points]]
name = "gate"
bundle = "part.bundle"
deadline_ms = {deadline_ms}
"""
FOLDER = 'source = { kind = "folder", path = "parts" }\n'


def write_station(
    folder: Path,
    point: str = FOLDER,
    *,
    recipe: BundleRecipe | None = None,
    deadline_ms: float = 1000,
    hang_restart_s: float = 60,
    more: str = "",
) -> Path:
    """A station.toml beside a bundle that calls bright pictures defective.

    Args:
        point: the rest of the `points` table.
        more: further tables.
    """
    write_brightness_bundle(folder / "part.bundle", recipe or BundleRecipe(threshold=THRESHOLD))
    path = folder / "station.toml"
    path.write_text(HEAD.format(deadline_ms=deadline_ms, hang_restart_s=hang_restart_s) + point + more)
    return path


def write_parts(folder: Path, levels: list[int]) -> Path:
    """One picture per grey level, `00.png`, `01.png`, …"""
    folder.mkdir(exist_ok=True)
    for number, level in enumerate(levels):
        write_picture(folder / f"{number:02}.png", picture(level, seed=number))
    return folder


class StopAfter(io.StringIO):
    """Takes JSON lines and stops the daemon after so many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._left = count

    def write(self, text: str) -> int:
        written = super().write(text)
        self._left -= 1
        if self._left <= 0:
            self.stop.set()
        return written

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


class StopWhenLogged(StopAfter):
    """Stops the daemon as soon as the log has these words.

    Args:
        least: verdicts that it waits for all the same.
        most: verdicts after which it gives up.
    """

    def __init__(self, caplog: pytest.LogCaptureFixture, *words: str, least: int = 0, most: int = 100_000) -> None:
        super().__init__(most)
        self._caplog, self._words, self._until = caplog, words, most - least

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._left <= self._until and all(word in self._caplog.text for word in self._words):
            self.stop.set()
        return written


def run_station(
    station: Path, *, lines: StopAfter | None = None, open_predictor: Callable[[Point], Predictor] | None = None
) -> tuple[list[dict[str, Any]], Summary]:
    """Run the daemon in this process until its sources end or `lines` has had enough."""
    lines = lines or StopAfter(10_000)
    daemon = Daemon(load_station(station), Notifier(), lines.stop, lines=lines, open_predictor=open_predictor)
    summary = daemon.run()
    return lines.verdicts, summary


class HangingPredictor(Predictor):
    """A backend that answers the warm-up and then never again, until it is let go."""

    release = threading.Event()
    asked = 0

    def predict(self, subject: Subject) -> Scores:
        self.asked += 1
        if self.asked > 1:
            self.release.wait(60)
        return super().predict(subject)


class FailingPredictor(Predictor):
    """A backend that answers the warm-up and then raises."""

    asked = 0

    def predict(self, subject: Subject) -> Scores:
        self.asked += 1
        if self.asked > 1:
            raise RuntimeError("out of arena")
        return super().predict(subject)


def opens(kind: type[Predictor]) -> Callable[[Point], Predictor]:
    """Load a point's bundle behind a stand-in backend."""

    def open_predictor(point: Point) -> Predictor:
        predictor = kind.open(Path(point.bundle))
        load_predictor(point).close()
        predictor.predict(picture())
        return predictor

    return open_predictor
