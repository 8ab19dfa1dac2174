"""Known parts and lessons for tests: numbers drawn from seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_runtime.lessons.known import KnownParts, known_parts
from edge_runtime.lessons.lesson import Impression, Kind, Lesson

WIDTH = 24
DIGEST = "cd" * 32


def good_rows(count: int = 20, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(5, 1, (count, WIDTH)).astype(np.float32)


def known() -> KnownParts:
    return known_parts(good_rows().astype(np.float64))


def impression(
    row: np.ndarray,
    score: float = 0.5,
    threshold: float = 1.0,
    hot: tuple[int, int] = (1, 1),
    bundle: str = DIGEST,
) -> Impression:
    """A part whose heat map is hot in one place of 6×6."""
    heat = np.full((6, 6), 0.2, np.float32)
    heat[hot] = score
    return Impression(np.asarray(row, np.float32), heat, score, threshold, bundle)


def lesson(kind: Kind, given: Impression, **changes: Any) -> Lesson:
    values: dict[str, Any] = {
        "number": 1,
        "part": "42",
        "kind": kind,
        "impression": given,
        "picture": b"jpeg",
        "at": "2026-05-04T09:12:31+00:00",
        "name": "Anna",
        "address": "127.0.0.1",
    }
    return Lesson(**(values | changes))
