"""A part as one row of numbers: mean, maximum and deviation over the places of a layer.

The row is made by the graph itself, in training as on the board, so there is nothing to keep in step.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from training.features.of_bundle import FEATURES
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converters.graph import Graph

PART_FEATURES = "part_features"


def with_part_features(graph: Graph) -> Graph:
    """A copy of a detector's graph with one more output, `part_features`, float32 1×3C of its C features."""
    copied = deepcopy(graph)
    pen = Wiring(copied, PART_FEATURES)
    joined = joined_numbers(pen, [FEATURES])
    row = pen.reshape(joined, (1, pen.shape(joined)[3]))
    copied.outputs.append(pen.rename(row, PART_FEATURES))
    return copied


def joined_numbers(pen: Wiring, layers: Sequence[str]) -> str:
    """Append the numbers of each layer, one after the other: 1×1×1×D float32."""
    numbers: list[str | None] = [one for layer in layers for one in _numbers(pen, layer)]
    width = sum(pen.shape(one)[3] for one in numbers if one is not None)
    return pen.apply("CONCATENATION", numbers, (1, 1, 1, width), axis=3, fused_activation_function="NONE")


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
