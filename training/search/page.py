"""The page of a study: its trials by quality, milliseconds and bytes, in one file that needs nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from converters.report.chart import linear_axis
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
    across, up = linear_axis(values, MARGIN), linear_axis(qualities, MARGIN)
    places = [
        Place(one["number"], across.at_px(value), up.at_px(quality), _is_front(value, quality, values, qualities))
        for one, value, quality in zip(trials, values, qualities, strict=True)
    ]
    # The front last: drawn on top.
    places.sort(key=lambda one: (one.front, one.number))
    return Plot(cost, tuple(places), across.ticks(), up.ticks())


def _is_front(cost: float, quality: float, costs: Sequence[float], qualities: Sequence[float]) -> bool:
    """Whether no other is at least as good and as cheap, and one of both more so."""
    others = zip(costs, qualities, strict=True)
    return not any(c <= cost and q >= quality and (c, q) != (cost, quality) for c, q in others)
