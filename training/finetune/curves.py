"""The page that shows how a training went: loss and score over the steps, in one file that needs nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.report.chart import Axis
from converters.report.environment import page_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.report.chart import Tick
    from training.finetune.stages import Stage

HEADROOM = 1.05


@dataclass(frozen=True, slots=True)
class Curve:
    """One stage's line. points: of an SVG polyline, pixels from the lower left corner. best: where its best look is."""

    points: tuple[tuple[float, float], ...]
    best: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure over the steps of all stages. starts: where each stage begins, in pixels."""

    title: str
    curves: tuple[Curve, ...]
    starts: tuple[float, ...]
    steps: tuple[Tick, ...]
    values: tuple[Tick, ...]


def curves_page(name: str, sentence: str, stages: Sequence[Stage]) -> str:
    """The page as HTML.

    Args:
        name: the bundle's.
        sentence: what was trained, on what.
        stages: in run order, each with its looks.
    """
    scores = [[look.score for look in stage.looks] for stage in stages]
    losses = [[look.loss for look in stage.looks] for stage in stages]
    plots = [
        plot_of("Score on what was held out", stages, scores, Axis(0.0, 1.0, logarithmic=False)),
        plot_of(
            "Loss on what was learned",
            stages,
            losses,
            Axis(0.0, HEADROOM * max(map(max, losses)) or 1.0, logarithmic=False),
        ),
    ]
    page = page_template("training.finetune", "curves.html.j2")
    return page.render(name=name, sentence=sentence, stages=stages, plots=plots)


def plot_of(title: str, stages: Sequence[Stage], values: Sequence[Sequence[float]], up: Axis) -> Plot:
    """Curves of one figure; steps of later stages follow those of earlier ones.

    Args:
        title: what it shows.
        stages: in run order.
        values: per stage, one per look.
        up: the scale of the values.
    """
    along = Axis(0.0, float(sum(stage.looks[-1].step for stage in stages)), logarithmic=False)
    curves, starts, before = [], [], 0
    for stage, heights in zip(stages, values, strict=True):
        places = [
            (along.at_px(before + look.step), up.at_px(height))
            for look, height in zip(stage.looks, heights, strict=True)
        ]
        curves.append(Curve(tuple(places), places[stage.looks.index(stage.best)]))
        starts.append(along.at_px(before))
        before += stage.looks[-1].step
    return Plot(title, tuple(curves), tuple(starts), along.ticks(), up.ticks())
