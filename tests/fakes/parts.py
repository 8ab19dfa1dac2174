"""Verdicts, occasions and points for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_contracts.station import FolderSource, Point, Region
from edge_contracts.verdict import Cause, Outcome, Verdict
from edge_runtime.frames import Boxes, Frame, Scores, Window
from edge_runtime.occasion import Inspected
from tests.fakes.pictures import picture

DIGEST = "ab" * 32


def point(**changes: Any) -> Point:
    """An inspection point named `gate` with a deadline of 500 ms."""
    source = FolderSource(kind="folder", path="/pictures")
    return Point(name="gate", bundle="/part.bundle", source=source).model_copy(update=changes)


def verdict(cause: Cause = Cause.THRESHOLD, *, part: str = "1", decided_at_ns: int = 0, **changes: Any) -> Verdict:
    """A verdict with the outcome that its cause stands for."""
    outcomes = {Cause.CLEAN: Outcome.GOOD, Cause.THRESHOLD: Outcome.DEFECT}
    values: dict[str, Any] = {
        "point": "gate",
        "part": part,
        "outcome": outcomes.get(cause, Outcome.UNKNOWN),
        "cause": cause,
        "reason": f"because of {cause.value}",
        "model": DIGEST,
        "label": None,
        "score": None,
        "threshold": None,
        "captured_at_ns": 0,
        "decided_at_ns": decided_at_ns,
        "latency_ms": 1.0,
    }
    return Verdict(**(values | changes))


def frame(captured_at_ns: int = 1, *, level: int = 100, number: int = 1, name: str = "") -> Frame:
    """A lively grey picture."""
    return Frame(picture(level, seed=number), captured_at_ns, number, name)


def window(captured_at_ns: int = 1, *, number: int = 1, name: str = "", rate_hz: float = 8000.0) -> Window:
    """A tenth of a second of quiet noise, one channel."""
    noise = np.random.default_rng(number).normal(0, 0.05, (int(rate_hz / 10), 1))
    return Window(noise.astype(np.float32), rate_hz, captured_at_ns, number, name)


def inspected(given: Verdict | None = None, *, with_frame: bool = True, heat: bool = False) -> Inspected:
    """A verdict with its picture."""
    heat_map = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4) if heat else None
    return Inspected(given or verdict(), frame() if with_frame else None, heat_map, Region())


def boxes(*rows: tuple[int, float, tuple[float, float, float, float]]) -> Boxes:
    """What a detector found: label, score and corners of each box."""
    return Boxes(
        np.asarray([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.asarray([row[0] for row in rows], np.intp),
        np.asarray([row[1] for row in rows], np.float32),
    )


def scores(*values: float, heat: float | None = None) -> Scores:
    """What a model says."""
    heat_map = None if heat is None else np.full((2, 2), heat, np.float32)
    return Scores(np.asarray(values, np.float32), heat_map, {})
