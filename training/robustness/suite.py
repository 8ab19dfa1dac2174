"""The suite: a bundle judges pictures as they are, as a line spoils them, and as an attacker would change them.

Every figure is of the bundle itself, run by the board's own predictor, int8 included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.gate.metrics import auroc
from edge_contracts.verdict import Outcome
from training.dataset import Photographs
from training.evaluation import judge
from training.robustness.corruptions import CORRUPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from edge_runtime.infer.predictor import Predictor
    from training.dataset import Sample
    from training.robustness.corruptions import Corruption

    Pixels = npt.NDArray[np.uint8]

AS_THEY_ARE = "as they are"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a bundle made of one set of pictures; None where the pictures or the bundle cannot tell.

    accuracy: share whose best class is the right one. auroc: of good against defective.
    overkill: share of good parts not called good. escape: share of defective parts called good.
    """

    accuracy: float | None
    auroc: float | None
    overkill: float | None
    escape: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of spoiled pictures in one strength. strength: as a person reads it; empty for none."""

    name: str
    strength: str
    figures: Figures


def run_suite(
    predictor: Predictor,
    samples: Sequence[Sample],
    *,
    seed: int = 0,
    attacks: Iterable[tuple[str, str, Callable[[Sequence[Sample]], Iterator[Pixels]]]] = (),
    corruptions: Sequence[Corruption] = CORRUPTIONS,
    progress: Callable[[int, int], object] = lambda _done, _all: None,
) -> tuple[Row, ...]:
    """Judge every picture in every state.

    Args:
        predictor: the bundle.
        samples: labelled pictures.
        seed: of noise and of the ways that pictures are turned.
        attacks: name, strength and what changes the samples' pictures, for each attack.
        corruptions: what a line does.
        progress: told the judged sets of pictures and all of them.

    Raises:
        BadInputError: a file that is no picture, or a bundle that does not judge.
    """
    attacks = tuple(attacks)
    total = 1 + len(attacks) + sum(len(one.strengths) for one in corruptions)
    rows = [Row(AS_THEY_ARE, "", figures_of(predictor, samples, Photographs(samples)))]
    for number, one in enumerate(corruptions):
        for strength in one.strengths:
            progress(len(rows), total)
            spoiled = _spoiled(samples, one, strength, (seed, number))
            rows.append(Row(one.name, one.unit.format(strength), figures_of(predictor, samples, spoiled)))
    for name, strength_text, change in attacks:
        progress(len(rows), total)
        rows.append(Row(name, strength_text, figures_of(predictor, samples, change(samples))))
    progress(total, total)
    return tuple(rows)


def figures_of(predictor: Predictor, samples: Sequence[Sample], pictures: Iterable[Pixels]) -> Figures:
    """What the bundle makes of these pictures, one per sample."""
    manifest = predictor.manifest
    right: list[bool] = []
    judged: dict[bool, list[tuple[float, Outcome]]] = {True: [], False: []}
    for sample, pixels in zip(samples, pictures, strict=True):
        scores = predictor.predict(pixels)
        if manifest.task == "classification" and sample.label in manifest.labels:
            right.append(manifest.labels[int(np.argmax(scores.values))] == sample.label)
        if manifest.rule.kind != "none":
            judged[sample.is_good].append(judge(manifest, scores))
    good, bad = judged[True], judged[False]
    return Figures(
        accuracy=float(np.mean(right)) if right else None,
        auroc=auroc(_worst_last(good), _worst_last(bad)) if good and bad else None,
        overkill=_share(good, called_good=False),
        escape=_share(bad, called_good=True),
    )


def _spoiled(
    samples: Sequence[Sample], corruption: Corruption, strength: float, seed: tuple[int, int]
) -> Iterator[Pixels]:
    """The same noise for the same picture in every strength, so that only the strength differs."""
    for place, pixels in enumerate(Photographs(samples)):
        yield corruption.spoil(pixels, strength, np.random.default_rng((*seed, place)))


def _worst_last(judged: Sequence[tuple[float, Outcome]]) -> list[float]:
    """Scores; one that is no number is the worst of all."""
    return [score if np.isfinite(score) else float("inf") for score, _ in judged]


def _share(judged: Sequence[tuple[float, Outcome]], *, called_good: bool) -> float | None:
    if not judged:
        return None
    return float(np.mean([(outcome is Outcome.GOOD) == called_good for _, outcome in judged]))
