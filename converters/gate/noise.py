"""Signal to noise of an artefact's answers: of the worst output, and of scores that stand beside larger numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.quantize.fidelity import signal_to_noise_db

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from converters.gate.joined_parts import Parts
    from edge_runtime.frames import Scores

    Array = npt.NDArray[Any]
    Pairs = Sequence[tuple[Array, Array]]
    """One output of the float model and of the artefact, for each input."""

MOST_DB = 120.0
"""Stands for answers that are equal: float32 itself has 150 dB."""

SCORE_STEP = 1 / 64
"""Root mean square error that a score from 0 to 1 may have whatever its size: nobody decides by less."""


@dataclass(frozen=True, slots=True)
class Noise:
    """The worst of what was compared.

    signal_to_noise_db: at most `MOST_DB`; minus infinity where the artefact's answer is not finite.
    where: which output, or which part of one; empty where there is but one.
    """

    signal_to_noise_db: float
    where: str = ""


def worst_output(pairs: Sequence[tuple[Scores, Scores]]) -> Noise:
    """Of the worst output: a sum over all would not hear scores that are dead beside boxes in pixels.

    Args:
        pairs: what float and the artefact answer to each input.
    """
    outputs = _by_name(pairs)
    noise = [Noise(_db(output), f"output {name!r}" if len(outputs) > 1 else "") for name, output in outputs.items()]
    return min(noise, key=lambda one: one.signal_to_noise_db)


def worst_part(pairs: Sequence[tuple[Scores, Scores]], joined: Parts) -> Noise | None:
    """Of the worst scores, 0 to 1, that are joined to larger values in one output; None where none are off.

    Scores that are off by less than `SCORE_STEP` are not.

    Args:
        pairs: what float and the artefact answer to each input.
        joined: the parts of which the outputs are joined, as `joined_parts` gives them.
    """
    outputs = _by_name(pairs)
    parts = [part for name, places in joined.items() for part in _of_scores(name, outputs[name], places)]
    return min(parts, key=lambda part: part.signal_to_noise_db, default=None)


def _by_name(pairs: Sequence[tuple[Scores, Scores]]) -> dict[str, Pairs]:
    return {name: [(a.outputs[name], b.outputs[name]) for a, b in pairs] for name in pairs[0][0].outputs}


def _db(pairs: Pairs) -> float:
    with np.errstate(invalid="ignore"):
        return min(signal_to_noise_db([a for a, _ in pairs], [b for _, b in pairs]), MOST_DB)


def _of_scores(name: str, pairs: Pairs, joined: Mapping[str, npt.NDArray[np.intp]]) -> Iterator[Noise]:
    """Of the parts that are scores, where others are not."""
    scores = [part for part, places in joined.items() if all(_are_scores(a.reshape(-1)[places]) for a, _ in pairs)]
    for part in scores if len(scores) < len(joined) else ():
        parted = [(a.reshape(-1)[joined[part]], b.reshape(-1)[joined[part]]) for a, b in pairs]
        if not _is_near(parted):
            yield Noise(_db(parted), f"the scores {part!r} in output {name!r}")


def _are_scores(values: Array) -> bool:
    return float(values.min()) >= 0 and float(values.max()) <= 1


def _is_near(pairs: Pairs) -> bool:
    with np.errstate(invalid="ignore"):
        errors = [np.mean(np.square(a.astype(np.float64) - b)) for a, b in pairs]
    return bool(np.mean(errors) <= SCORE_STEP**2)
