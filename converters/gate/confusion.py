"""Which class was answered for which, float and artefact: where an accuracy comes from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.calibration.samples import Sample
    from converters.gate.verify import Comparison
    from edge_contracts.manifest import Manifest


NO_ANSWER = "no answer"
"""Stands for a class where an answer holds NaN or infinity."""


@dataclass(frozen=True, slots=True)
class Confused:
    """Labelled inputs with one true class and one answer: how many got it from the float model and the artefact."""

    label: str
    answer: str
    float_inputs: int
    inputs: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """labels: the classes that occur, in the model's order. cells: every pair that any model answered, hits too."""

    labels: tuple[str, ...]
    cells: tuple[Confused, ...]

    def as_document(self) -> dict[str, Any]:
        """JSON-able: `labels`, and a list per cell of label, answer, float inputs, artefact inputs."""
        cells = [[cell.label, cell.answer, cell.float_inputs, cell.inputs] for cell in self.cells]
        return {"labels": list(self.labels), "cells": cells}


def confusion(manifest: Manifest, comparison: Comparison, samples: Sequence[Sample]) -> Confusion | None:
    """Count; None where the model names no classes or no input's folder is one of them."""
    before, after = comparison.classes_float, comparison.classes
    if before is None or after is None:
        return None
    counts: tuple[Counter[tuple[int, int]], ...] = (Counter(), Counter())
    places = {label: place for place, label in enumerate(manifest.labels)}
    for index, sample in enumerate(samples):
        if sample.label in places:
            counts[0][places[sample.label], int(before[index])] += 1
            counts[1][places[sample.label], int(after[index])] += 1
    pairs = sorted({*counts[0], *counts[1]})
    if not pairs:
        return None
    names = manifest.labels
    return Confusion(
        tuple(names[place] for place in sorted({place for pair in pairs for place in pair if place >= 0})),
        tuple(
            Confused(names[true], answer_name(names, said), counts[0][true, said], counts[1][true, said])
            for true, said in pairs
        ),
    )


def answer_name(labels: Sequence[str], place: int) -> str:
    """The label of a winner's index, or that there is none."""
    return labels[place] if place >= 0 else NO_ANSWER
