"""What the page of an evaluation is made from, and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.report.environment import page_template
from converters.report.quantity import percent, plain
from edge_contracts.manifest import AnomalyRule, ImageInput
from training.evaluation import noun_of
from training.figures import counted, excluded_escape
from training.report.learning_curve import FEWEST_FOR_A_CURVE, still_rises
from training.report.prospect import prospects
from training.report.score_chart import score_bars, trade
from training.report.worst_pictures import worst
from training.threshold_advice import threshold_advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_runtime.infer.predictor import Predictor
    from training.confidence import Interval
    from training.dataset import Sample
    from training.evaluation import Evaluation
    from training.figures import Area, Share
    from training.report.learning_curve import CurvePoint


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure in words: what, how much, its 95 % interval, and how many it was counted from."""

    name: str
    value: str
    interval: str
    counted: str


def render(
    evaluation: Evaluation,
    samples: Sequence[Sample],
    predictor: Predictor,
    *,
    source: str,
    notes: Sequence[str],
    curve: Sequence[CurvePoint] = (),
    learned: int = 0,
) -> str:
    """The page as HTML that needs nothing beside it; the same text for the same evaluation.

    Args:
        evaluation: the answers.
        samples: what was judged, in the same order.
        predictor: of the bundle, for heat maps.
        source: the data's name, and the split that was judged.
        notes: sentences that must not be missed.
        curve: what more good photographs brought; empty where that was not tried.
        learned: how many of what was judged taught the bundle, or are nearly the same as one that did.

    Raises:
        BadInputError: a picture that cannot be read any more.
    """
    good, defective = ([one.score for one in evaluation.judged if one.is_good is kind] for kind in (True, False))
    rule = predictor.manifest.rule
    threshold = rule.threshold if isinstance(rule, AnomalyRule) else None
    noun = noun_of(predictor.manifest)
    has_pictures = isinstance(predictor.manifest.input, ImageInput)
    return page_template("training.report", "evaluation.html.j2").render(
        manifest=predictor.manifest,
        digest=predictor.digest,
        backend=predictor.backend,
        source=source,
        notes=notes,
        good=len(good),
        defective=len(defective),
        noun=noun,
        rows=_rows(evaluation, noun),
        excluded=excluded_escape(evaluation.escape),
        bars=score_bars(good, defective, threshold),
        trade=trade(good, defective, threshold),
        labels=evaluation.labels,
        misses=worst(evaluation.judged, samples, predictor, is_good=False) if has_pictures else None,
        alarms=worst(evaluation.judged, samples, predictor, is_good=True) if has_pictures else None,
        prospects=prospects(evaluation.area, evaluation.escape, evaluation.overkill),
        advice=threshold_advice(predictor.manifest, evaluation, learned),
        curve=curve,
        fewest=FEWEST_FOR_A_CURVE,
        has_pictures=has_pictures,
        rises=still_rises(curve) if curve else False,
        percent=percent,
        span=_span,
    )


def _rows(evaluation: Evaluation, noun: str) -> list[FigureRow]:
    area = evaluation.area
    return [
        FigureRow("AUROC", *_area(area)),
        FigureRow("Escape at 5 % overkill", *_share(evaluation.at_overkill)),
        FigureRow("Overkill at the bundle's threshold", *_share(evaluation.overkill)),
        FigureRow("Escape at the bundle's threshold", *_share(evaluation.escape)),
        FigureRow(f"Time for a {noun}, here", f"{plain(evaluation.ms_per_picture)} ms", "", "median"),
    ]


def _area(area: Area | None) -> tuple[str, str, str]:
    if area is None:
        return "not known", "", "good or defective ones are missing"
    groups = f", in {area.groups[0]} and {area.groups[1]} groups" if area.groups else ""
    return f"{area.value:.4f}", _span(area.interval), f"{area.good} good, {area.defective} defective{groups}"


def _share(share: Share | None) -> tuple[str, str, str]:
    if share is None:
        return "not known", "", "good or defective ones are missing"
    return percent(share.value), _span(share.interval, in_percent=True), counted(share)


def _span(interval: Interval, *, in_percent: bool = False) -> str:
    if in_percent:
        return f"{percent(interval.low)} to {percent(interval.high)}"
    return f"{interval.low:.3f} to {interval.high:.3f}"
