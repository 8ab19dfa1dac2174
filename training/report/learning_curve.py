"""Would more photographs of good parts help? The same detector learned from a quarter, a half, and all of them.

A Gauss on the features that the bundle sees with stands for the bundle's detector, whichever that is: it takes a
second, and what more good parts bring is a question to the parts more than to the detector.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.dataset import Photographs
from training.dataset.amounts import drawn_by_lot
from training.detectors.gauss import fit_gauss
from training.detectors.normality import score
from training.features.feature_part import extract_features
from training.figures import area_of, escape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Sample
    from training.features.feature_part import FeaturePart

SHARES = (0.25, 0.5, 1.0)
FEWEST_LEARNED = 10
FEWEST_FOR_A_CURVE = round(FEWEST_LEARNED / SHARES[-2])
"""Of two points, half of them and all."""

CLEAR_GAIN = 0.01
BLOCK = 64
"""Judged pictures whose features are held together."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a detector of so many good photographs reached on the judged pictures."""

    photographs: int
    auroc: float
    escape_at_5_percent_overkill: float

    def document(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


def learning_curve(
    part: FeaturePart, learned: Sequence[Sample], judged: Sequence[Sample], seed: int = 0
) -> tuple[CurvePoint, ...]:
    """Learn from more and more of the good ones; empty where there are too few of them, or one kind is missing.

    Args:
        part: what to see with.
        learned: good samples for training.
        judged: good and defective samples.
        seed: chooses the quarter and the half.

    Raises:
        BadInputError: a picture that cannot be read.
    """
    learned = drawn_by_lot(learned, seed)
    counts = [count for count in (round(share * len(learned)) for share in SHARES) if count >= FEWEST_LEARNED]
    kinds = {one.is_good for one in judged}
    if len(counts) < 2 or len(kinds) < 2:  # noqa: PLR2004 - one point is no curve, one kind has no AUROC
        return ()
    known = extract_features(part, Photographs(learned))[np.random.default_rng(seed).permutation(len(learned))]
    detectors = [fit_gauss(known[:count]) for count in counts]
    starts = range(0, len(judged), BLOCK)
    blocks = (extract_features(part, Photographs(judged[start : start + BLOCK])) for start in starts)
    rows = [[score(gauss, one) for gauss in detectors] for block in blocks for one in block]
    points = []
    for place, count in enumerate(counts):
        good, defective = (
            [row[place] for row, sample in zip(rows, judged, strict=True) if sample.is_good is kind]
            for kind in (True, False)
        )
        area, escape = area_of(good, defective), escape_of(good, defective)
        points.append(CurvePoint(count, area.value if area else 0.0, escape.value if escape else 0.0))
    return tuple(points)


def still_rises(curve: Sequence[CurvePoint]) -> bool:
    """Whether the last doubling still brought something."""
    return curve[-1].auroc - curve[-2].auroc >= CLEAR_GAIN
