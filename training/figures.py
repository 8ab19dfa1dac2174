"""The figures of an evaluation with what chance leaves open: shares, areas, and both for each label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.gate.metrics import auroc, escape_at_overkill
from training.confidence import CONFIDENCE, Interval, auroc_interval, none_found_bound, share_interval

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; trials is one or more."""

    hits: int
    trials: int

    @property
    def value(self) -> float:
        """From 0 to 1."""
        return self.hits / self.trials

    @property
    def interval(self) -> Interval:
        """Clopper and Pearson's, 95 %."""
        return share_interval(self.hits, self.trials)

    def document(self) -> dict[str, float]:
        """Plain values for JSON."""
        bounds = self.interval
        return {"value": self.value, "hits": self.hits, "trials": self.trials, "low": bounds.low, "high": bounds.high}


@dataclass(frozen=True, slots=True)
class Area:
    """An AUROC from so many good and so many defective parts, one or more of each."""

    value: float
    good: int
    defective: int

    @property
    def interval(self) -> Interval:
        """Newcombe's, 95 %."""
        return auroc_interval(self.value, self.good, self.defective)

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


def area_of(good: Sequence[float], defective: Sequence[float]) -> Area | None:
    """The AUROC of these scores; None without either kind."""
    return Area(auroc(good, defective), len(good), len(defective)) if good and defective else None


def escape_of(good: Sequence[float], defective: Sequence[float]) -> Share | None:
    """The defects that pass where 5 % of these good parts fail; None without either kind.

    Its interval takes the limit for given; that the limit, too, rests on few good parts comes on top.
    """
    if not good or not defective:
        return None
    return Share(round(escape_at_overkill(good, defective) * len(defective)), len(defective))


def excluded_escape(escape: Share | None) -> float | None:
    """The escape rate that zero misses exclude at 95 %, about 3 / k of k defects; None where one escaped."""
    return none_found_bound(escape.trials) if escape and not escape.hits else None


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
