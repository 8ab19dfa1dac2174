"""A detector's graph with heads: the same outputs, `score` and `heat_map`, with what the defects taught in both.

What it computes is `fusion.Fusion.joined`; a test holds both to 1e-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.features.wiring import Wiring
from training.heads.fusion import CELL_HEAD, LARGEST_EXPONENT
from training.heads.graft import grafted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from converters.graph import Graph
    from training.heads.fusion import Fusion, Gain
    from training.heads.head import Head

GOOD_ONLY = "good_only_score"


def joined_graph(detector: Graph, branch: Graph, heads: Mapping[str, Head], fusion: Fusion, hottest: float) -> Graph:
    """Return a new graph whose score and heat map have heard the heads that `fusion` chose.

    The heat map is multiplied as the score is, so that a place and a part are still judged by one threshold; where the
    head on places is heard and its places are the map's, each place by its own factor. A part whose score lies beyond
    `hottest` has its map scaled back to there: all of it would be red, and nobody would see where the defect is.

    Args:
        detector: outputs `score` float32 [1] and `heat_map` float32 [1, h, w, 1].
        branch: a graph on the same input that makes the tensors that the heads read.
        heads: by name.
        fusion: which of them are heard, and how.
        hottest: the score from which on heat maps are drawn alike.
    """
    if not fusion.heads:
        return detector
    score, heat_map = detector.outputs
    graph = grafted(detector, branch, {heads[name].reads for name in fusion.heads})
    pen = Wiring(graph, "heads")
    good_only, cold = pen.rename(score, GOOD_ONLY), pen.rename(heat_map, "heads/cold")
    drawn = {name: heads[name].draw_head(pen) for name in fusion.heads}
    factors = [_factor(pen, one.logit, fusion.gains[name]) for name, one in drawn.items()]
    joined = (
        _maximum(pen, good_only, factors, fusion) if fusion.choice == "maximum" else _product(pen, good_only, factors)
    )
    bounded = pen.apply("MINIMUM", [joined, pen.constant("hottest", [hottest])], (1,))
    places = drawn[CELL_HEAD].places if fusion.choice == "cell" else None
    if places is not None and pen.shape(places) == pen.shape(cold):
        warm = pen.pointwise("MUL", cold, _factor(pen, places, fusion.gains[CELL_HEAD]))
        hot = pen.pointwise("MUL", warm, _as_map(pen, pen.pointwise("DIV", bounded, joined)))
    else:
        hot = pen.pointwise("MUL", cold, _as_map(pen, pen.pointwise("DIV", bounded, good_only)))
    graph.outputs[:] = [pen.rename(joined, score), pen.rename(hot, heat_map)]
    return graph


def _as_map(pen: Wiring, value: str) -> str:
    return pen.reshape(value, (1, 1, 1, 1))


def _factor(pen: Wiring, logit: str, gain: Gain) -> str:
    """Exp of slope × logit - slope × centre, between least and largest."""
    scaled = pen.pointwise("MUL", logit, pen.constant("slope", [gain.slope]))
    exponent = pen.pointwise("SUB", scaled, pen.constant("centre", [gain.slope * gain.centre]))
    bounded = pen.apply("MINIMUM", [exponent, pen.constant("largest", [LARGEST_EXPONENT])], pen.shape(exponent))
    bounded = pen.apply("MAXIMUM", [bounded, pen.constant("least", [gain.least])], pen.shape(exponent))
    return pen.apply("EXP", [bounded], pen.shape(exponent))


def _product(pen: Wiring, good_only: str, factors: list[str]) -> str:
    product = good_only
    for factor in factors:
        product = pen.pointwise("MUL", product, factor)
    return product


def _maximum(pen: Wiring, good_only: str, factors: list[str], fusion: Fusion) -> str:
    greatest = good_only
    for factor in factors:
        alone = pen.pointwise("MUL", factor, pen.constant("typical", [fusion.typical], np.float32))
        greatest = pen.apply("MAXIMUM", [greatest, alone], pen.shape(greatest))
    return greatest
