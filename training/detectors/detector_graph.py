"""The second half of a detector: what was learned as TFLite operators behind a feature part.

What it computes is `normality.heat_map` and `normality.score`; a test holds both to 1e-4 for every detector.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from training.detectors.normality import SMOOTHING_CELLS, is_smoothed, top_count
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from converters.graph import Graph
    from training.detectors.normality import Normality
    from training.features.feature_part import FeaturePart

SCORE = "score"
HEAT_MAP = "heat_map"


def detector_graph(part: FeaturePart, normality: Normality) -> Graph:
    """Return a new graph: the part's input, then `score` float32 [1] and `heat_map` float32 [1, h, w, 1]."""
    graph = deepcopy(part.graph)
    pen = Wiring(graph, "head")
    score, heat = draw_judgement(pen, normality, graph.outputs[0])
    heat = pen.rename(heat, HEAT_MAP)
    graph.outputs[:] = [pen.rename(score, SCORE), heat]
    return graph


def draw_judgement(pen: Wiring, normality: Normality, features: str) -> tuple[str, str]:
    """Append score and heat map of a tensor 1×h×w×C; return their names, float32 [1] and [1, h, w, 1]."""
    heat = _smooth(pen, normality.draw(pen, features))
    places = int(np.prod(pen.shape(heat)))
    worst = pen.top(pen.reshape(heat, (1, places)), top_count(places))
    axis = pen.constant("axis", [1], np.int32)
    return pen.apply("MEAN", [worst, axis], (1,), keep_dims=False), heat


def _smooth(pen: Wiring, distances: str) -> str:
    if not is_smoothed(pen.shape(distances)[1:3]):
        return distances
    return pen.pool(pen.mirror(distances, SMOOTHING_CELLS // 2), SMOOTHING_CELLS, 1)
