"""The second half of a detector: a fitted Gauss as TFLite operators behind a feature part.

What it computes is `gauss.heat_map` and `gauss.score`; a test holds both to 1e-4.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from training.detectors.gauss import SMOOTHING_CELLS, Gauss, top_count
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from converters.graph import Graph
    from training.features.feature_part import FeaturePart

SCORE = "score"
HEAT_MAP = "heat_map"


def detector_graph(part: FeaturePart, gauss: Gauss) -> Graph:
    """Return a new graph: the part's input, then `score` float32 [1] and `heat_map` float32 [1, h, w, 1]."""
    graph = deepcopy(part.graph)
    pen = Wiring(graph, "gauss")
    smooth = pen.rename(_heat_map(pen, graph.outputs[0], gauss), HEAT_MAP)
    places = int(np.prod(pen.shape(smooth)))
    worst = pen.top(pen.reshape(smooth, (1, places)), top_count(places))
    axis = pen.constant("axis", [1], np.int32)
    mean = pen.apply("MEAN", [worst, axis], (1,), keep_dims=False)
    graph.outputs[:] = [pen.rename(mean, SCORE), smooth]
    return graph


def _heat_map(pen: Wiring, features: str, gauss: Gauss) -> str:
    rows, columns, kept = gauss.mean.shape
    # The centre goes into the convolution's bias: projecting first and subtracting later would lose digits.
    weights = gauss.projection.T[:, None, None, :]
    centred = pen.convolve(features, weights, -(gauss.centre.astype(np.float64) @ gauss.projection))
    offset = pen.pointwise("SUB", centred, pen.constant("mean", gauss.mean[None]))
    places = pen.reshape(offset, (rows * columns, 1, kept))
    transposed = gauss.whitening.reshape(-1, kept, kept).transpose(0, 2, 1)
    whitening = pen.constant("whitening", transposed)
    white = pen.apply(
        "BATCH_MATMUL",
        [places, whitening],
        (rows * columns, 1, kept),
        adj_x=False,
        adj_y=False,
        asymmetric_quantize_inputs=False,
    )
    squares = pen.pointwise("MUL", white, white)
    axis = pen.constant("axis", [2], np.int32)
    distance = pen.apply("SUM", [squares, axis], (rows * columns, 1), keep_dims=False)
    mirrored = pen.mirror(pen.reshape(distance, (1, rows, columns, 1)), SMOOTHING_CELLS // 2)
    return pen.pool(mirrored, SMOOTHING_CELLS, 1)
