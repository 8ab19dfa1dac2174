"""Signal to noise of an artefact's answers: of the worst output, and of scores that stand beside larger numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.fidelity import signal_to_noise_db

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from edge_runtime.frames import Scores

    Array = npt.NDArray[Any]
    Pairs = Sequence[tuple[Array, Array]]
    """One output of the float model and of the artefact, for each input."""

MOST_DB = 120.0
"""Stands for answers that are equal: float32 itself has 150 dB."""

SCORE_STEP = 1 / 64
"""Root mean square error that a score from 0 to 1 may have whatever its size: nobody decides by less."""

MOST_PARTS = 512
"""An axis with more places holds cells, not kinds of values."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The worst of what was compared.

    signal_to_noise_db: at most `MOST_DB`; minus infinity where the artefact's answer is not finite.
    where: which output, or which part of one; empty where there is but one.
    """

    signal_to_noise_db: float
    where: str = ""


def worst_noise(pairs: Sequence[tuple[Scores, Scores]]) -> Noise:
    """Of the worst output: a sum over all would not hear scores that are dead beside boxes in pixels.

    The same where both stand in one output: places of an axis that hold scores, 0 to 1, in an output of larger values
    are heard by themselves, unless they are off by less than `SCORE_STEP`.
    """
    names = list(pairs[0][0].outputs)
    outputs = {name: [(a.outputs[name], b.outputs[name]) for a, b in pairs] for name in names}
    whole = [Noise(_db(output), f"output {name!r}" if len(names) > 1 else "") for name, output in outputs.items()]
    parts = [part for name, output in outputs.items() for part in _of_scores(name, output)]
    return min(whole + parts, key=lambda noise: noise.signal_to_noise_db)


def _db(pairs: Pairs) -> float:
    with np.errstate(invalid="ignore"):
        return min(signal_to_noise_db([a for a, _ in pairs], [b for _, b in pairs]), MOST_DB)


def _of_scores(name: str, pairs: Pairs) -> Iterator[Noise]:
    """Of the scores along each axis that has some beside larger values."""
    for axis, size in enumerate(pairs[0][0].shape):
        if not 1 < size <= MOST_PARTS:
            continue
        parted = [[np.moveaxis(value, axis, 0).reshape(size, -1) for value in pair] for pair in pairs]
        lowest = np.min([a.min(axis=1) for a, _ in parted], axis=0)
        highest = np.max([a.max(axis=1) for a, _ in parted], axis=0)
        is_score = (lowest >= 0) & (highest <= 1)
        for place in () if is_score.all() else np.flatnonzero(is_score):
            part = [(a[place], b[place]) for a, b in parted]
            if not _is_near(part):
                yield Noise(_db(part), f"the scores at place {place} along axis {axis} of output {name!r}")


def _is_near(pairs: Pairs) -> bool:
    with np.errstate(invalid="ignore"):
        errors = [np.mean(np.square(a.astype(np.float64) - b)) for a, b in pairs]
    return bool(np.mean(errors) <= SCORE_STEP**2)
