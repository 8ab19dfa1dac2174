"""What lessons change of a part's score. Pure: the same lessons and part give the same score, for ever.

What was taught as defective raises the score, never lowers it: a ridge regression tells the defective from the known
good parts, and what it finds stranger than any known good part (each judged by a fit that did not know it) gets

    score × exp(deviation of good parts' log score × how far beyond, in deviations of the known good parts' answers)

so a handful of lessons is added to what the good parts say and never replaces it. A part that is as good as the same
one again as one taught as defective reaches the threshold whatever the rest says.

What was taught as good lowers the score of a part that is the like of that one and of nothing defective, and only by
as much as that one needed: all of these must hold, so that no foreign part becomes good by it.

- in all its numbers it lies as near to that one as good parts lie to each other;
- no place of its heat map reaches the threshold where that one's did not (a place further at most), by a tenth at most;
- that one scored at most twice the threshold, and this part at most a tenth more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.lessons.known import distances
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.ridge import Ridge, fit_ridge

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.lessons.known import KnownParts
    from edge_runtime.lessons.lesson import Impression, Lesson

    Floats = npt.NDArray[np.float64]

MOST_LIFTED = 2.0
"""Times the threshold: what lies beyond is too unlike good parts for a person's word alone."""

ROOM = 1.1
AGAIN = 0.5
"""Share of the usual distance between good parts within which two are one and the same."""

LARGEST_EXPONENT = 14.0
"""A factor of a million is a defect for certain."""

LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, slots=True)
class Heard:
    """A score with the lessons.

    because: what they heard in the part, empty where they changed nothing.
    """

    score: float
    because: str = ""


@dataclass(frozen=True, slots=True)
class TaughtHead:
    """What some lessons make of a part.

    revision: counts every change of the lessons; count: how many they are.
    good, defective: the lessons' rows on the scale of `known`.
    excused: of each taught as good, its lesson.
    ridge: None without a lesson of something defective. limit, reach: the greatest answer and the deviation of the
        answers of known good parts.
    deviation: of the logarithm of good parts' scores.
    """

    revision: int
    count: int
    known: KnownParts
    good: Floats
    defective: Floats
    excused: tuple[Lesson, ...]
    ridge: Ridge | None
    limit: float
    reach: float
    deviation: float

    def hear(self, impression: Impression) -> Heard:
        """The score that decides in place of the impression's own."""
        row = self.known.scaled(impression.features)
        if (raised := self._raised(row, impression)) is not None:
            return raised
        return self._lifted(row, impression)

    def _raised(self, row: Floats, impression: Impression) -> Heard | None:
        if self.ridge is None:
            return None
        beyond = (self.ridge.answer(row) - self.limit) / self.reach
        score = impression.score * exp(min(self.deviation * max(beyond, 0.0), LARGEST_EXPONENT))
        to_defective = float(distances(row, self.defective).min())
        if to_defective <= AGAIN * self.known.usual and to_defective < self._to_good(row):
            return Heard(max(score, impression.threshold), "it looks the same as a part taught as defective")
        return Heard(score, "it looks like what was taught as defective") if beyond > 0 else None

    def _lifted(self, row: Floats, impression: Impression) -> Heard:
        """The score, lowered where a part taught as good excuses it."""
        untouched = Heard(impression.score)
        if not self.excused or impression.score < impression.threshold:
            return untouched
        away = distances(row, self.good)
        nearest = int(away.argmin())
        to_defective = float(distances(row, self.defective).min()) if len(self.defective) else np.inf
        like = self.excused[nearest].impression
        if away[nearest] > self.known.far or to_defective <= away[nearest] or not may_be_taught_good(like, impression):
            return untouched
        if not is_covered(impression.heat_map, like.heat_map, impression.threshold):
            return untouched
        factor = min(1.0, impression.threshold / (ROOM * like.score))
        return Heard(impression.score * factor, "it looks like a part taught as good")

    def _to_good(self, row: Floats) -> float:
        nearest = float(distances(row, self.known.rows).min())
        return min(nearest, float(distances(row, self.good).min())) if len(self.good) else nearest


def may_be_taught_good(impression: Impression, now: Impression | None = None) -> bool:
    """Whether a part is near enough to good ones for a person's word to count, by the threshold in force now."""
    return impression.score <= MOST_LIFTED * (now or impression).threshold


def is_covered(heat: npt.NDArray[np.float32], excuse: npt.NDArray[np.float32], threshold: float) -> bool:
    """Whether each place that reaches the threshold was as hot, but for a tenth, there or beside it in `excuse`."""
    if heat.shape != excuse.shape:
        return False
    padded = np.pad(excuse, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return bool((heat <= ROOM * windows.max(axis=(2, 3)))[heat >= threshold].all())


def learn(known: KnownParts, lessons: Sequence[Lesson], revision: int, deviation: float) -> TaughtHead:
    """Learn all lessons anew; tenths of a second for hundreds.

    Args:
        known: of the bundle that saw every one of the lessons.
        lessons: one or more.
        revision: of the lessons.
        deviation: of the logarithm of good parts' scores.
    """
    good, defective = (
        _rows(known, [one for one in lessons if one.kind is kind]) for kind in (Kind.GOOD, Kind.DEFECTIVE)
    )
    ridge, limit, reach = None, 0.0, 1.0
    if len(defective):
        fine = np.concatenate([known.rows, good])
        every = np.concatenate([fine, defective])
        ridge = fit_ridge(every, np.arange(len(every)) >= len(fine))
        answers = ridge.left_out[: len(fine)]
        limit, reach = float(answers.max()), max(float(answers.std()), LEAST_DEVIATION)
    return TaughtHead(
        revision=revision,
        count=len(lessons),
        known=known,
        good=good,
        defective=defective,
        excused=tuple(one for one in lessons if one.kind is Kind.GOOD),
        ridge=ridge,
        limit=limit,
        reach=reach,
        deviation=deviation,
    )


def _rows(known: KnownParts, lessons: Sequence[Lesson]) -> Floats:
    if not lessons:
        return np.empty((0, known.rows.shape[1]))
    return known.scaled(np.stack([one.impression.features for one in lessons]))
