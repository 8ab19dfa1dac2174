"""The pictures that a person should look at: defects that passed and good parts that failed, each with its heat map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converters.report.quantity import plain
from converters.report.sentences import hottest
from converters.report.thumbnail import as_address, reduced
from edge_contracts.manifest import AnomalyRule
from edge_contracts.verdict import Outcome
from training.dataset import Photographs
from training.figures import rank
from training.heat_drawing import drawn_heat

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.infer.predictor import Predictor
    from training.dataset import Sample
    from training.evaluation import Judged

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class WorstPicture:
    """One picture. picture, overlay: data addresses. colours: what the overlay's say.

    overlay, hottest and colours are empty without a heat map.
    """

    name: str
    label: str
    score: str
    verdict: str
    picture: str
    overlay: str
    hottest: str
    colours: str


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst of one kind: those that were judged wrongly, or, where none was, those that came nearest to it.

    wrong: how many were judged wrongly, shown or not. of: how many there are.
    """

    wrong: int
    of: int
    pictures: tuple[WorstPicture, ...]


def worst(judged: Sequence[Judged], samples: Sequence[Sample], predictor: Predictor, *, is_good: bool) -> Worst | None:
    """The good parts that look worst, or the defective ones that look best; None where there are none of that kind.

    Args:
        judged: the answers.
        samples: in the same order.
        predictor: draws their heat maps.
        is_good: of which kind.

    Raises:
        BadInputError: a picture that cannot be read any more.
    """
    pairs = [pair for pair in zip(judged, samples, strict=True) if pair[0].is_good is is_good]
    if not pairs:
        return None
    wrong = [pair for pair in pairs if (pair[0].verdict is Outcome.GOOD) is not is_good]
    # Of good parts the greatest score is the worst, of defects the least.
    ordered = sorted(wrong or pairs, key=lambda pair: rank(pair[0].score), reverse=is_good)
    chosen = ordered[:MOST_SHOWN]
    photographs = Photographs([sample for _, sample in chosen])
    shown = (_shown(one, pixels, predictor) for (one, _), pixels in zip(chosen, photographs, strict=True))
    return Worst(len(wrong), len(pairs), tuple(shown))


def _shown(one: Judged, pixels: npt.NDArray[np.uint8], predictor: Predictor) -> WorstPicture:
    rule = predictor.manifest.rule
    threshold = rule.threshold if isinstance(rule, AnomalyRule) else None
    heat_map = predictor.predict(pixels).heat_map
    if heat_map is not None and not np.isfinite(heat_map).all():
        heat_map = None
    small = reduced(pixels)
    overlay, colours = (None, "") if heat_map is None else drawn_heat(small, heat_map, threshold)
    return WorstPicture(
        name=Path(one.path).name,
        label=one.label,
        score=plain(one.score, 4),
        verdict=one.verdict.value,
        picture=as_address(small),
        overlay="" if overlay is None else as_address(overlay),
        hottest="" if heat_map is None else hottest(heat_map),
        colours=colours,
    )
