"""What the trained networks learn from, calibrate with and are judged on: one `.npz` per task, drawn by a seed.

    learn: N×… float32, target; calibrate: 100 inputs of the same photographs; judge: inputs of other photographs

Pictures are N×3×S×S, -1 to 1; spectrograms N×1×49×40.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.bench.convert.circuit_boards import patches
from tests.bench.convert.digits import spectrograms
from tests.bench.convert.pictures import crops

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    Lesson = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
    Draw = Callable[[Path, str, int, int], Lesson]

LEARN, CALIBRATE, JUDGE = 2400, 100, 2000
MEL_MEAN, MEL_STD = -4.0, 3.0


def write_lesson(data: Path, task: str, path: Path) -> None:
    """Draw one task's inputs and write them, once."""
    if path.exists():
        return
    draw = TASKS[task]
    learn, target = draw(data, "known", LEARN, 1)
    calibrate, _ = draw(data, "known", CALIBRATE, 2)
    judge, judge_target = draw(data, "judged", JUDGE, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, learn=learn, target=target, calibrate=calibrate, judge=judge, judge_target=judge_target)
    partial.rename(path)


def _signed(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)


def _turns(size_px: int) -> Draw:
    """Which of four kinds of photographs, and how it was turned: 16 classes."""

    def draw(data: Path, side: str, count: int, seed: int) -> Lesson:
        cut = crops(data, side, count, size_px, seed, turned=True)
        return _signed(cut.pixels), 4 * cut.group + cut.turns

    return draw


def _defects(size_px: int) -> Draw:
    """Which defect a circuit board has in the middle: 7 classes."""

    def draw(data: Path, side: str, count: int, seed: int) -> Lesson:
        cut = patches(data, side, count, size_px, seed)
        return _signed(cut.pixels), cut.kind

    return draw


def _marks(data: Path, side: str, count: int, seed: int) -> Lesson:
    """Where a circuit board's defects are: a mask of 96×96."""
    cut = patches(data, side, count, 96, seed)
    return _signed(cut.pixels), cut.mask.astype(np.int64)


def _photographs(data: Path, side: str, count: int, seed: int) -> Lesson:
    """Photographs to be reconstructed."""
    cut = crops(data, side, count, 64, seed)
    return _signed(cut.pixels), cut.group


def _digits(data: Path, side: str, count: int, seed: int) -> Lesson:
    """Which digit was spoken: 10 classes."""
    values, digit = spectrograms(data, side, count, seed)
    return ((values - np.float32(MEL_MEAN)) / np.float32(MEL_STD))[:, None], digit


TASKS: dict[str, Draw] = {
    "turns-96": _turns(96),
    "turns-64": _turns(64),
    "defects-64": _defects(64),
    "marks-96": _marks,
    "photographs-64": _photographs,
    "digits": _digits,
}
