"""Which known parts look most like a part: for a person, an example says more than a score.

Compared is the row of features by which lessons are learned, on the scale of the known good parts; a distance of 1 is
how far good parts usually lie from their nearest. Of the bundle's own parts those that have a picture are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.lessons.known import distances
from edge_runtime.lessons.lesson import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.lessons.known import Example, KnownParts
    from edge_runtime.lessons.lesson import Impression, Lesson

LEAST_USUAL = 1e-6


@dataclass(frozen=True, slots=True)
class Alike:
    """A known part.

    example: its place among the bundle's, None for a lesson. lesson: its number, None for one of the bundle's.
    part: its name, empty for one of the bundle's.
    """

    kind: Kind
    distance: float
    example: int | None
    lesson: int | None
    part: str = ""


def most_alike(
    impression: Impression, known: KnownParts, examples: Sequence[Example], lessons: Sequence[Lesson], count: int
) -> dict[Kind, list[Alike]]:
    """Of each kind up to `count` known parts, nearest first."""
    row, usual = known.scaled(impression.features), max(known.usual, LEAST_USUAL)
    rows = [known.scaled(one.features) for one in examples]
    rows += [known.scaled(one.impression.features) for one in lessons]
    if not rows:
        return {kind: [] for kind in Kind}
    away = distances(row, np.stack(rows)) / usual
    found = [Alike(one.kind, float(away[place]), place, None) for place, one in enumerate(examples)]
    found += [
        Alike(one.kind, float(away[len(examples) + place]), None, one.number, one.part)
        for place, one in enumerate(lessons)
    ]
    found.sort(key=lambda one: one.distance)
    return {kind: [one for one in found if one.kind is kind][:count] for kind in Kind}
