"""How far answers move when the integers that they are computed from are one step off, found by trying.

Not derived, because what computes behind them (a softmax, the decoding of boxes, a float head) may carry a step far or
nowhere.

What computes a number moves by a step. What chooses (places, comparisons, counts) is held at the answer that the golden
has: two scores that change places hand over another box, which says how far boxes lie from each other and nothing of
the kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Feed = Mapping[str, Array]

DRAWS = 4
"""How often each integer is moved, up or down at random; beside once all up and once all down."""

SEED = 20_241_121


def furthest(answers: Callable[[Feed], Sequence[Array]], real: Feed, steps: Mapping[str, float]) -> list[float]:
    """The largest change of each answer over several ways of being one step off.

    Where its shape changes, or a number of it becomes or ceases to be finite, nothing can be said: that does not count.

    Args:
        answers: what computes behind the integers.
        real: what that reads: real values of integers, by name, and what else it needs.
        steps: how far each of these is moved, integers within what their type holds; what has none, or 0, stays as it
            is.
    """
    random = np.random.default_rng(SEED)
    still = answers(real)
    found = [0.0] * len(still)
    for draw in range(DRAWS + 2):
        moved = answers({name: _moved(value, steps.get(name, 0.0), random, draw) for name, value in real.items()})
        found = [max(far, _distance(*pair)) for far, pair in zip(found, zip(still, moved, strict=True), strict=True)]
    return found


def _moved(value: Array, step: float, random: np.random.Generator, draw: int) -> Array:
    """The values one step off: first all up, then all down, then each as it is drawn."""
    if not step:
        return value
    signs = np.full(value.shape, 1 - 2 * draw) if draw in {0, 1} else random.integers(0, 2, value.shape) * 2 - 1
    moved = value + step * signs
    if value.dtype.kind in "iu":
        moved = np.clip(moved, np.iinfo(value.dtype).min, np.iinfo(value.dtype).max)
    return np.asarray(moved, value.dtype)


def _distance(before: Array, after: Array) -> float:
    if before.shape != after.shape:
        return 0.0
    with np.errstate(invalid="ignore"):
        apart = np.abs(after.astype(np.float64) - before)
    return float(apart[np.isfinite(apart)].max(initial=0.0))
