"""A picture in one row of numbers: mean, maximum and deviation over the places of each layer of a feature part.

The row is made by the graph itself, in training as on the board, so there is nothing to keep in step.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from training.features.feature_part import FeaturePart, extract_features
from training.features.part_features import joined_numbers
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

POOLED = "pooled"


def add_pooled(part: FeaturePart) -> FeaturePart:
    """A copy of `part` whose graph also makes the tensor `pooled`, 1×1×1×D float32; its output stays the features."""
    graph = deepcopy(part.graph)
    pen = Wiring(graph, POOLED)
    pen.rename(joined_numbers(pen, part.layers), POOLED)
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
