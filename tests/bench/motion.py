"""The motion gate beside one reduction of the same picture: `python -m tests.bench.motion`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.station import Motion, Region
from edge_runtime.trigger.motion import MotionGate

if TYPE_CHECKING:
    from collections.abc import Callable

HEIGHT_PX, WIDTH_PX = 480, 640
FLOOR_PX = (160, 120)
MOST_MS = 0.3
_ROUNDS, _TIMES = 15, 100


@dataclass(frozen=True, slots=True)
class MotionFigures:
    """Milliseconds per picture of 640×480, the best of several rounds, one thread.

    gate_ms: the motion gate on a still scene with a camera's noise.
    floor_ms: `cv2.resize` of the same picture to 160×120 by area, and nothing else.
    """

    gate_ms: float
    floor_ms: float

    @property
    def ratio(self) -> float:
        """The gate's time as a part of the floor's."""
        return self.gate_ms / self.floor_ms

    def __str__(self) -> str:
        return (
            f"motion gate {self.gate_ms:.3f} ms (wanted at most {MOST_MS} ms), {self.ratio:.2f} × one reduction of the "
            f"picture to {FLOOR_PX[0]}×{FLOOR_PX[1]} by area ({self.floor_ms:.3f} ms)"
        )


def measure() -> MotionFigures:
    """Time both in turns, so that whatever else the machine does meets both."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    scene = rng.integers(60, 180, (HEIGHT_PX // 40, WIDTH_PX // 40, 3)).repeat(40, 0).repeat(40, 1)
    pictures = [np.clip(scene + rng.normal(0, 3, scene.shape), 0, 255).astype(np.uint8) for _ in range(4)]
    gate, turn = MotionGate(Motion(), Region()), iter(range(1 << 62))

    def look() -> object:
        return gate.lets_pass(pictures[next(turn) % len(pictures)])

    def reduce() -> object:
        return cv2.resize(pictures[next(turn) % len(pictures)], FLOOR_PX, interpolation=cv2.INTER_AREA)

    rounds = [(_ms(look), _ms(reduce)) for _ in range(_ROUNDS)]
    return MotionFigures(min(one for one, _ in rounds), min(other for _, other in rounds))


def _ms(work: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    for _ in range(_TIMES):
        work()
    return (time.perf_counter() - begun_s) / _TIMES * 1000


if __name__ == "__main__":
    print(measure())
