"""Boxes counted, areas measured, against the limits of each label. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.manifest import AreaLimit, BoxLimit
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.heads.class_map import shares
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.occasion import Mark

if TYPE_CHECKING:
    from edge_contracts.manifest import AreaRule, BoxRule
    from edge_runtime.frames import Boxes, Scores
    from edge_runtime.inspection.decision import Ruling

_EVERYTHING = AreaLimit(at_most=1.0)


@dataclass(frozen=True, slots=True)
class _Count:
    """How one label stands.

    least: the score from which a box counts.
    boxes: those that count.
    nearest: the best score of the label's boxes that are large enough, whether or not they count; 0 without any.
    """

    label: str
    limit: BoxLimit
    least: float
    boxes: Boxes
    nearest: float

    @property
    def too_many(self) -> bool:
        return self.limit.at_most is not None and len(self.boxes.scores) > self.limit.at_most

    @property
    def too_few(self) -> bool:
        return len(self.boxes.scores) < self.limit.at_least

    @property
    def told(self) -> str:
        found = len(self.boxes.scores)
        best = f", the best with {self.boxes.scores.max():.0%}" if found else ""
        bound = f"at most {self.limit.at_most}" if self.too_many else f"at least {self.limit.at_least}"
        return f"{found} × {self.label!r}{best}, wanted {bound}"


def by_boxes(scores: Scores, rule: BoxRule, ruling: Ruling) -> Decision:
    """Each label's boxes counted; what is too many or too few makes a defect."""
    if scores.boxes is None or not ruling.labels:
        return unknown(Cause.BACKEND_FAILED, "wanted boxes from the model, found none; verify the bundle")
    counts = [_count(scores.boxes, index, rule, ruling) for index in range(len(ruling.labels))]
    too_many = sorted((one for one in counts if one.too_many), key=lambda one: -float(one.boxes.scores.max()))
    too_few = [one for one in counts if one.too_few]
    marks = _marks(counts)
    if wrong := [*too_many, *too_few]:
        first, reason = wrong[0], "; ".join(one.told for one in wrong)
        # What is missing has no score that could be held against a limit.
        score, least = (float(first.boxes.scores.max()), first.least) if first.too_many else (None, None)
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, first.label, score, least, marks)
    cut_at = scores.boxes.cut_at
    if cut_at is not None and cut_at >= min(one.least for one in counts):
        return _uncounted(cut_at, marks)
    nearest = max(
        (one for one in counts if one.limit.at_most == 0), key=lambda one: one.nearest - one.least, default=None
    )
    score, least = (None, None) if nearest is None else (nearest.nearest, nearest.least)
    return Decision(Outcome.GOOD, Cause.CLEAN, _clean(counts), "good", score, least, marks)


def by_areas(scores: Scores, rule: AreaRule, ruling: Ruling) -> Decision:
    """Each label's share of the judged places; what is too large or too small makes a defect."""
    labels = ruling.labels
    if scores.class_map is None or not labels:
        return unknown(Cause.BACKEND_FAILED, "wanted a map of classes from the model, found none; verify the bundle")
    found = shares(scores.class_map, len(labels), scores.judged)
    if not np.isfinite(found).all():
        return unknown(Cause.INTERNAL, "wanted a place that the mask lets count, found none; mend the mask")
    limits = {label: _area_limit(label, rule, ruling) for label in labels}
    told = [_area_told(label, float(share), limits[label]) for label, share in zip(labels, found, strict=True)]
    if wrong := [(index, text) for index, text in enumerate(told) if text]:
        first = max(
            (index for index, _ in wrong), key=lambda index: abs(_beyond(float(found[index]), limits[labels[index]]))
        )
        score, limit = float(found[first]), limits[labels[first]]
        threshold = limit.at_most if score > limit.at_most else limit.at_least
        reason = "; ".join(text for _, text in wrong)
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, labels[first], score, threshold)
    return Decision(Outcome.GOOD, Cause.CLEAN, f"each of {len(labels)} labels covers what it may", "good")


def _uncounted(cut_at: float, marks: tuple[Mark, ...]) -> Decision:
    reason = (
        f"wanted all boxes counted, found so many that some were dropped from {cut_at:.0%} down; raise the head's most"
    )
    return Decision(Outcome.UNKNOWN, Cause.UNSURE, reason, marks=marks)


def _count(boxes: Boxes, index: int, rule: BoxRule, ruling: Ruling) -> _Count:
    label = ruling.labels[index]
    limit = rule.limits.get(label, BoxLimit())
    least = rule.min_score if limit.min_score is None else limit.min_score
    least = least if ruling.threshold is None else ruling.threshold
    least = ruling.thresholds.get(label, least)
    large = boxes.where((boxes.labels == index) & (boxes.areas >= limit.min_area))
    nearest = float(large.scores.max(initial=0.0))
    return _Count(label, limit, least, large.where(large.scores >= least), nearest)


def _marks(counts: list[_Count]) -> tuple[Mark, ...]:
    marks = [
        Mark(one.label, float(score), (float(x1), float(y1), float(x2), float(y2)), one.too_many)
        for one in counts
        for score, (x1, y1, x2, y2) in zip(one.boxes.scores, one.boxes.corners, strict=True)
    ]
    return tuple(sorted(marks, key=lambda mark: -mark.score))


def _clean(counts: list[_Count]) -> str:
    seen = [f"{len(one.boxes.scores)} × {one.label!r}" for one in counts if len(one.boxes.scores)]
    return f"found {', '.join(seen)}, as many as there may be" if seen else "found no box that counts"


def _area_limit(label: str, rule: AreaRule, ruling: Ruling) -> AreaLimit:
    default = _EVERYTHING if label == ruling.labels[0] else AreaLimit()
    limit = rule.limits.get(label, default)
    own = ruling.thresholds.get(label)
    return limit if own is None else AreaLimit(at_least=min(limit.at_least, own), at_most=own)


def _beyond(share: float, limit: AreaLimit) -> float:
    """How far a share lies above its limit, or (negative) below it; 0 within."""
    return max(share - limit.at_most, 0.0) + min(share - limit.at_least, 0.0)


def _area_told(label: str, share: float, limit: AreaLimit) -> str:
    if not _beyond(share, limit):
        return ""
    bound = f"at most {limit.at_most:.3%}" if share > limit.at_most else f"at least {limit.at_least:.3%}"
    return f"{label!r} covers {share:.3%}, wanted {bound}"
