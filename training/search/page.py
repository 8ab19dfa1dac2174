"""The page of a study: its trials by quality, milliseconds and bytes, in one file that needs nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.report.chart import linear_axis, score_axis
from converters.report.environment import page_template
from training.search.outcome_text import QUALITIES, candidate_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.report.chart import Tick

MARGIN = 0.06
BYTES_PER_KB = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """A trial, in pixels from the lower left corner. front: whether none is as good and costs less."""

    number: int
    x_px: float
    y_px: float
    front: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Quality over one cost. cost: its name and unit."""

    cost: str
    places: tuple[Place, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def search_page(document: dict[str, Any]) -> str:
    """The page as HTML; `document` is that of `training.search.table.study_document`."""
    trials = document["trials"]
    costs = [("milliseconds", [one["ms"] for one in trials])]
    costs += [("kilobytes", [one["model_bytes"] / BYTES_PER_KB for one in trials])]
    plots = [plot_of(cost, trials, values) for cost, values in costs] if trials else []
    return page_template("training.search", "search.html.j2").render(
        **document, plots=plots, quality=QUALITIES.get(document["criterion"], "quality"), candidate=candidate_text
    )


def plot_of(cost: str, trials: Sequence[dict[str, Any]], values: Sequence[float]) -> Plot:
    """Place every trial.

    Args:
        cost: what `values` are.
        trials: one or more.
        values: of each trial.
    """
    qualities = [one["quality"] for one in trials]
    across, up = score_axis(np.array(values)), linear_axis(qualities, MARGIN)
    numbers = [one["number"] for one in trials]
    front = _front(list(zip(values, qualities, numbers, strict=True)))
    places = [
        Place(number, across.at_px(value), up.at_px(quality), number in front)
        for value, quality, number in zip(values, qualities, numbers, strict=True)
    ]
    # The front last: drawn on top.
    places.sort(key=lambda one: (one.front, one.number))
    return Plot(cost, tuple(places), across.ticks(), up.ticks())


def _front(trials: Sequence[tuple[float, float, int]]) -> set[int]:
    """Numbers of those than which none is at least as good and cheaper, or better and no dearer; the first of equals.

    Args:
        trials: cost, quality and number of each.
    """
    front, best = set(), float("-inf")
    for _cost, quality, number in sorted(trials, key=lambda one: (one[0], -one[1], one[2])):
        if quality > best:
            front.add(number)
            best = quality
    return front
