"""A picture in a row of numbers per place: the features, and what finer layers saw there.

For local defects with drawn boxes: a finer layer's mean and maximum over each place tell a pin-hole from dirt that the
coarse features have averaged away.
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

CELLS = "cells"


def add_cells(part: FeaturePart) -> FeaturePart:
    """A copy of `part` whose graph also makes the tensor `cells`, 1×h×w×D float32; its output stays the features."""
    graph = deepcopy(part.graph)
    pen = Wiring(graph, CELLS)
    features = graph.outputs[0]
    _, rows, columns, _ = pen.shape(features)
    finer = [one for one in part.layers if _is_finer(pen.shape(one), rows, columns)]
    numbers = [features, *(pooled for layer in finer for pooled in _pooled(pen, layer, rows))]
    width = sum(pen.shape(one)[3] for one in numbers)
    joined = pen.apply("CONCATENATION", [*numbers], (1, rows, columns, width), axis=3, fused_activation_function="NONE")
    pen.rename(joined, CELLS)
    return replace(part, graph=graph)


def cell_rows(part: FeaturePart, frames: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """The tensor `cells` for each frame (H×W×3 uint8 RGB): N×h×w×D.

    Args:
        part: what `add_cells` gave.
        frames: one or more.
    """
    graph = deepcopy(part.graph)
    graph.outputs[:] = [CELLS]
    return extract_features(replace(part, graph=graph), frames)


def _is_finer(shape: tuple[int, ...], rows: int, columns: int) -> bool:
    times = shape[1] // rows
    return times > 1 and (shape[1], shape[2]) == (times * rows, times * columns)


def _pooled(pen: Wiring, layer: str, rows: int) -> list[str]:
    stored = pen.graph.tensors[layer]
    values = layer if stored.dtype == np.float32 else pen.apply("DEQUANTIZE", [layer], stored.shape)
    times = stored.shape[1] // rows
    return [pen.average(values, times), pen.greatest(values, times)]
