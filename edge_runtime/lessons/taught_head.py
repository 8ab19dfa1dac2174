"""What lessons change of a part's score. Pure: the same lessons and part give the same score, for ever.

What was taught as defective raises the score, never lowers it: a ridge regression for each tells it from the known
good parts, and what one of them finds stranger than any known good part (judged by a fit that did not know it) gets

    score × exp(deviation of good parts' log score × how far beyond, in deviations of the known good parts' answers)

so a handful of lessons is added to what the good parts say and never replaces it. A part that is as good as the same
one again as one taught as defective reaches the threshold whatever the rest says.

What was taught as good takes such a raise back, and lowers the score, of a part that is the like of that one and of
nothing defective, and only by as much as that one needed: all of these must hold, so that no foreign part becomes good
by it, and no other part hears less of what is defective.

- in all its numbers it lies as near to that one as good parts lie to each other, and to nothing defective nearer;
- no place of its heat map reaches the threshold where that one's did not (a place further at most), by a tenth at most;
- that one scored at most twice the threshold, and this part at most a tenth more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite, nan
from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.lessons.known import distances
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.strangeness import learn_strangeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.lessons.known import KnownParts
    from edge_runtime.lessons.lesson import Impression, Lesson
    from edge_runtime.lessons.strangeness import Strangeness

    Floats = npt.NDArray[np.float64]

MOST_LIFTED = 2.0
"""Times the threshold: what lies beyond is too unlike good parts for a person's word alone."""

ROOM = 1.1
AGAIN = 0.5
"""Share of the usual distance between good parts within which two are one and the same."""

LARGEST_EXPONENT = 14.0
"""A factor of a million is a defect for certain."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A score with the lessons.

    score: not a number where the part's numbers are too large to be compared.
    because: what they heard in the part, empty where they changed nothing.
    is_certain: whether it is the same as a part taught as defective, whatever else it is like.
    """

    score: float
    because: str = ""
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class TaughtHead:
    """What some lessons make of a part.

    revision: counts every change of the lessons; count: how many they are.
    good, defective: the lessons' rows on the scale of `known`.
    excused: of each taught as good, its lesson.
    strangeness: None without a lesson of something defective.
    deviation: of the logarithm of good parts' scores.
    """

    revision: int
    count: int
    known: KnownParts
    good: Floats
    defective: Floats
    excused: tuple[Lesson, ...]
    strangeness: Strangeness | None
    deviation: float

    def hear(self, impression: Impression) -> Heard:
        """The score that decides in place of the impression's own."""
        row = self.known.scaled(impression.features)
        raised = self._raised(row, impression)
        return raised if raised.is_certain else self._lifted(row, impression, raised)

    def _raised(self, row: Floats, impression: Impression) -> Heard:
        if self.strangeness is None:
            return Heard(impression.score)
        beyond = self.strangeness.beyond(row)
        if not isfinite(beyond):
            return Heard(nan, is_certain=True)
        score = impression.score * exp(min(self.deviation * max(beyond, 0.0), LARGEST_EXPONENT))
        to_defective, to_good = (float(distances(row, rows).min()) for rows in (self.defective, self.known.rows))
        if to_defective <= AGAIN * self.known.usual and to_defective < to_good:
            same = "it looks the same as a part taught as defective"
            return Heard(max(score, impression.threshold), same, is_certain=True)
        return Heard(score, "it looks like what was taught as defective" if beyond > 0 else "")

    def _lifted(self, row: Floats, impression: Impression, raised: Heard) -> Heard:
        """What was raised, or lower where a part taught as good excuses it."""
        is_over = impression.score >= impression.threshold
        if not (raised.because or is_over) or (like := self._excuse(row, impression)) is None:
            return raised
        factor = min(1.0, impression.threshold / (ROOM * like.score)) if is_over else 1.0
        return Heard(impression.score * factor, "it looks like a part taught as good")

    def _excuse(self, row: Floats, impression: Impression) -> Impression | None:
        """The part taught as good that this one is the like of, None where it is not."""
        if not self.excused:
            return None
        away = distances(row, self.good)
        nearest = int(away.argmin())
        to_defective = float(distances(row, self.defective).min()) if len(self.defective) else inf
        like = self.excused[nearest].impression
        if away[nearest] > self.known.far or to_defective <= away[nearest]:
            return None
        if impression.score > ROOM * like.score or not may_be_taught_good(like, impression):
            return None
        return like if is_covered(impression.heat_map, like.heat_map, impression.threshold) else None


def may_be_taught_good(impression: Impression, now: Impression | None = None) -> bool:
    """Whether a part is near enough to good ones for a person's word to count, by the threshold in force now."""
    return impression.score <= MOST_LIFTED * (now or impression).threshold


def is_covered(heat: npt.NDArray[np.float32], excuse: npt.NDArray[np.float32], threshold: float) -> bool:
    """Whether each hot place was as hot, but for a tenth, there or beside it in `excuse`.

    Hot is what reaches the threshold; where nothing does, because a map ends below it, what is as hot as the hottest.
    """
    hot = min(threshold, float(heat.max()))
    if heat.shape != excuse.shape or not hot > 0:
        return False
    padded = np.pad(excuse, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return bool((heat <= ROOM * windows.max(axis=(2, 3)))[heat >= hot].all())


def learn(known: KnownParts, lessons: Sequence[Lesson], revision: int, deviation: float) -> TaughtHead:
    """Learn all lessons anew; tenths of a second for hundreds.

    Args:
        known: of the bundle that saw every one of the lessons.
        lessons: one or more.
        revision: of the lessons.
        deviation: of the logarithm of good parts' scores.

    Raises:
        ValueError: a lesson's numbers are too large to be learned.
    """
    good, defective = (
        _rows(known, [one for one in lessons if one.kind is kind]) for kind in (Kind.GOOD, Kind.DEFECTIVE)
    )
    return TaughtHead(
        revision=revision,
        count=len(lessons),
        known=known,
        good=good,
        defective=defective,
        excused=tuple(one for one in lessons if one.kind is Kind.GOOD),
        strangeness=learn_strangeness(known.rows, defective) if len(defective) else None,
        deviation=deviation,
    )


def contradicted(known: KnownParts, lessons: Sequence[Lesson], kind: Kind, impression: Impression) -> Lesson | None:
    """The lesson of the other kind that saw the same part, None where none did."""
    others = [one for one in lessons if one.kind is not kind]
    away = distances(known.scaled(impression.features), _rows(known, others))
    return others[int(away.argmin())] if others and away.min() <= AGAIN * known.usual else None


def _rows(known: KnownParts, lessons: Sequence[Lesson]) -> Floats:
    if not lessons:
        return np.empty((0, known.rows.shape[1]))
    return known.scaled(np.stack([one.impression.features for one in lessons]))
