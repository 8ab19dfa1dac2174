"""Which known parts look most like a part: for a person, an example says more than a score.

Compared is the row of features by which lessons are learned, on the scale of the known good parts; a distance of 1 is
how far good parts usually lie from their nearest. Of the bundle's own parts those that have a picture are compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.lessons.known import distances
from edge_runtime.lessons.lesson import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.lessons.known import Example, KnownParts
    from edge_runtime.lessons.lesson import Impression, Lesson

    Floats = npt.NDArray[np.float64]

LEAST_USUAL = 1e-6


@dataclass(frozen=True, slots=True)
class Alike:
    """A known part.

    example: its place among the bundle's, None for a lesson. lesson: its number, None for one of the bundle's.
    part: its name, empty for one of the bundle's.
    member: of the bundle, empty for a lesson.
    """

    kind: Kind
    distance: float
    example: int | None
    lesson: int | None
    part: str = ""
    member: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a part is compared with.

    rows: a row for each of `parts`, on the scale of `known`; their distances are not known yet.
    """

    known: KnownParts
    parts: tuple[Alike, ...]
    rows: Floats

    @classmethod
    def of(cls, known: KnownParts, examples: Sequence[Example], lessons: Sequence[Lesson]) -> Comparison:
        """With what a bundle shows and what was taught for it."""
        parts = [Alike(one.kind, 0.0, place, None, member=one.member) for place, one in enumerate(examples)]
        parts += [Alike(one.kind, 0.0, None, one.number, one.part) for one in lessons]
        rows = [known.scaled(one.features) for one in examples]
        rows += [known.scaled(one.impression.features) for one in lessons]
        return cls(known, tuple(parts), np.stack(rows) if rows else np.empty((0, known.rows.shape[1])))

    def nearest(self, impression: Impression, count: int) -> dict[Kind, list[Alike]]:
        """Of each kind up to `count` known parts, nearest first."""
        away = distances(self.known.scaled(impression.features), self.rows) / max(self.known.usual, LEAST_USUAL)
        order = [replace(self.parts[place], distance=float(away[place])) for place in np.argsort(away, kind="stable")]
        return {kind: [one for one in order if one.kind is kind][:count] for kind in Kind}
