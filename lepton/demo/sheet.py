"""What the detector saw, on one sheet: one part of each kind as filmed, and below it the same part as judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.manifest import AnomalyRule
from edge_contracts.station import Region
from edge_runtime.inspection.overlay import draw_heat
from lepton.demo.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge_runtime.infer.predictor import Predictor
    from lepton.demo.film import FilmFrame

THUMB_WIDTH_PX, THUMB_HEIGHT_PX = 320, 240


def judged_sheet(centred: Sequence[FilmFrame], predictor: Predictor) -> NDArray[np.uint8]:
    """Draw the sheet: a good part, then one of each kind of defect that the film has.

    Args:
        centred: the frame of each part in which it stands in the middle.
        predictor: the converted detector.

    Returns:
        H×W×3 uint8 RGB, 0–255.
    """
    by_kind = {frame.defect: frame for frame in reversed(centred)}
    shown = [by_kind[kind] for kind in sorted(by_kind, key=lambda kind: kind or "")]
    filmed = [frame.image for frame in shown]
    return contact_sheet([*map(_small, filmed), *(_small(_judged(image, predictor)) for image in filmed)], len(shown))


def _judged(image: NDArray[np.uint8], predictor: Predictor) -> NDArray[np.uint8]:
    scores = predictor.predict(image)
    rule = predictor.manifest.rule
    if scores.heat_map is None or not isinstance(rule, AnomalyRule):
        return image
    return draw_heat(image, scores.heat_map, Region(), rule.threshold)


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = cv2.resize(image, (THUMB_WIDTH_PX, THUMB_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
