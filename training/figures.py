"""The figures of an evaluation with what chance leaves open: shares, areas, and both for each label.

A value counts pictures. An interval counts groups of relatives, because twenty pictures of one part say of other parts
what one does: its upper end counts the groups of which some picture is a hit, its lower end those of which all are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.gate.metrics import auroc, limit_at_overkill
from training.confidence import CONFIDENCE, Interval, auroc_interval, none_found_bound, share_interval

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class GroupHits:
    """Of so many groups of relatives: those of which some picture is a hit, and those of which all are."""

    some: int
    all: int
    trials: int


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many pictures; trials is one or more.

    by_group: the same of groups; None where no two pictures are relatives.
    """

    hits: int
    trials: int
    by_group: GroupHits | None = None

    @classmethod
    def of(cls, hits: Sequence[bool], groups: Sequence[str]) -> Share:
        """From one or more pictures: whether each is a hit, and its group, empty where it has none."""
        found: dict[object, list[bool]] = {}
        for name, hit in zip(_alone_or_not(groups), hits, strict=True):
            found.setdefault(name, []).append(hit)
        if len(found) == len(hits):
            return cls(sum(hits), len(hits))
        some, every = (sum(map(kind, found.values())) for kind in (any, all))
        return cls(sum(hits), len(hits), GroupHits(some, every, len(found)))

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.hits / self.trials

    @property
    def groups(self) -> int:
        """How many there are; a picture without relatives is one of its own."""
        return self.by_group.trials if self.by_group else self.trials

    @property
    def interval(self) -> Interval:
        """Clopper and Pearson's, 95 %."""
        return self.interval_from(1)

    def interval_from(self, times: int) -> Interval:
        """The same, were there so many times as many at the same rates."""
        if self.by_group is None:
            return share_interval(times * self.hits, times * self.trials)
        groups = self.by_group
        low, high = (share_interval(times * one, times * groups.trials) for one in (groups.all, groups.some))
        # Where groups are unequally large the share of the pictures may lie outside.
        return Interval(min(low.low, self.value), max(high.high, self.value))

    def document(self) -> dict[str, float]:
        """Plain values for JSON."""
        bounds, counts = self.interval, {"hits": self.hits, "trials": self.trials, "groups": self.groups}
        return {"value": self.value, **counts, "low": bounds.low, "high": bounds.high}


@dataclass(frozen=True, slots=True)
class Area:
    """An AUROC from so many good and so many defective pictures, one or more of each.

    groups: how many of good and of defective ones; None where no two pictures are relatives.
    """

    value: float
    good: int
    defective: int
    groups: tuple[int, int] | None = None

    @property
    def interval(self) -> Interval:
        """Newcombe's, 95 %."""
        return self.interval_from(1)

    def interval_from(self, times: int) -> Interval:
        """The same, were there so many times as many of each."""
        good, defective = self.groups or (self.good, self.defective)
        return auroc_interval(self.value, times * good, times * defective)

    def document(self) -> dict[str, float]:
        """Plain values for JSON."""
        bounds = self.interval
        return {"value": self.value, "low": bounds.low, "high": bounds.high}


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What became of the pictures of one label.

    wrong: of defects, called good; of good parts, not called good.
    area: against all pictures of the other kind; None where there is none.
    """

    label: str
    is_good: bool
    wrong: Share
    area: Area | None

    def document(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "label": self.label,
            "is_good": self.is_good,
            "samples": self.wrong.trials,
            "overkill" if self.is_good else "escape": self.wrong.document(),
            "auroc": self.area.document() if self.area else None,
        }


def area_of(good: Sequence[float], defective: Sequence[float], groups: Sequence[str] = ()) -> Area | None:
    """The AUROC of these scores; None without either kind.

    Args:
        good: scores.
        defective: the same.
        groups: of the good ones and then of the defective ones, empty where one has none; left out, none has any.
    """
    if not good or not defective:
        return None
    counts = len(good), len(defective)
    names = (groups[: counts[0]], groups[counts[0] :]) if groups else ([""] * counts[0], [""] * counts[1])
    found = (len(set(_alone_or_not(names[0]))), len(set(_alone_or_not(names[1]))))
    return Area(auroc(good, defective), *counts, None if found == counts else found)


def escape_of(good: Sequence[float], defective: Sequence[float], groups: Sequence[str] = ()) -> Share | None:
    """The defects that pass where 5 % of these good parts fail; None without either kind.

    Its interval takes the limit for given; that the limit, too, rests on few good parts comes on top.

    Args:
        good: scores.
        defective: the same.
        groups: of the defective ones, as for `area_of`.
    """
    if not good or not defective:
        return None
    limit = limit_at_overkill(good)
    return Share.of([score <= limit for score in defective], groups or [""] * len(defective))


def excluded_escape(escape: Share | None) -> float | None:
    """The escape rate that zero misses exclude at 95 %, about 3 / k of k defects; None where one escaped."""
    return none_found_bound(escape.groups) if escape and not escape.hits else None


def counted(share: Share) -> str:
    """In words what a share was counted from."""
    groups = f" in {share.groups} group{'s' if share.groups > 1 else ''}" if share.by_group else ""
    return f"{share.hits} of {share.trials}{groups}"


def rank(score: float) -> float:
    """A score to sort by: one that is not finite counts as the worst of all."""
    return score if np.isfinite(score) else float("inf")


def bounds_document(
    area: Area | None, at_overkill: Share | None, overkill: Share | None, escape: Share | None
) -> dict[str, Any]:
    """What chance leaves open of the four figures, for JSON."""
    named = {"auroc": area, "escape_at_5_percent_overkill": at_overkill, "overkill": overkill, "escape": escape}
    return {
        "confidence": CONFIDENCE,
        **{name: figure.document() if figure else None for name, figure in named.items()},
        "escape_excluded_above": excluded_escape(escape),
    }


def _alone_or_not(groups: Sequence[str]) -> list[object]:
    """What relatives share: their group, or the place of a picture that has none."""
    return [name or place for place, name in enumerate(groups)]
