"""A picture in one row of numbers: mean, maximum and deviation over the places of each layer of a feature part.

The row is made by the graph itself, in training as on the board, so there is nothing to keep in step.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.features.feature_part import FeaturePart, extract_features
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Iterable

POOLED = "pooled"


def add_pooled(part: FeaturePart) -> FeaturePart:
    """A copy of `part` whose graph also makes the tensor `pooled`, 1×1×1×D float32; its output stays the features."""
    graph = deepcopy(part.graph)
    pen = Wiring(graph, POOLED)
    numbers = [one for layer in part.layers for one in _numbers(pen, layer)]
    width = sum(pen.shape(one)[3] for one in numbers)
    joined = pen.apply("CONCATENATION", [*numbers], (1, 1, 1, width), axis=3, fused_activation_function="NONE")
    pen.rename(joined, POOLED)
    return replace(part, graph=graph)


def pooled_rows(part: FeaturePart, frames: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """The tensor `pooled` for each frame (H×W×3 uint8 RGB): N×D.

    Args:
        part: what `add_pooled` gave.
        frames: one or more.
    """
    graph = deepcopy(part.graph)
    graph.outputs[:] = [POOLED]
    return extract_features(replace(part, graph=graph), frames).reshape(-1, graph.tensors[POOLED].shape[3])


def _numbers(pen: Wiring, layer: str) -> list[str]:
    """Mean, maximum and standard deviation over the places of a layer, each 1×1×1×C."""
    stored = pen.graph.tensors[layer]
    values = layer if stored.dtype == np.float32 else pen.apply("DEQUANTIZE", [layer], stored.shape)
    mean = _over_places(pen, "MEAN", values)
    spread = pen.apply("SQUARED_DIFFERENCE", [values, mean], stored.shape)
    variance = _over_places(pen, "MEAN", spread)
    return [mean, _over_places(pen, "REDUCE_MAX", values), pen.apply("SQRT", [variance], pen.shape(variance))]


def _over_places(pen: Wiring, kind: str, values: str) -> str:
    axes = pen.constant("axes", [1, 2], np.int32)
    return pen.apply(kind, [values, axes], (1, 1, 1, pen.shape(values)[3]), keep_dims=True)
