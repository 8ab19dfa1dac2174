"""Where a detector's candidates stand: priors of SSD, cells of a network without them."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import PriorLayer


def priors_of(layers: Sequence[PriorLayer]) -> npt.NDArray[np.float32]:
    """float32 N×4: centre x, centre y, width, height of each prior, as fractions of the input."""
    return np.concatenate([_layer(layer) for layer in layers])


def cells_of(strides: Sequence[int], size_px: tuple[int, int]) -> npt.NDArray[np.float32]:
    """float32 N×4: centre x, centre y and twice the stride of each cell, in pixels of the input (height, width)."""
    grids = []
    for stride in strides:
        rows, columns = ceil(size_px[0] / stride), ceil(size_px[1] / stride)
        centres = (_centres(rows, columns) + 0.5) * stride
        grids.append(np.concatenate([centres, np.full_like(centres, stride)], axis=1))
    return np.concatenate(grids).astype(np.float32)


def _layer(layer: PriorLayer) -> npt.NDArray[np.float32]:
    centres = (_centres(layer.rows, layer.columns) + 0.5) / np.asarray([layer.columns, layer.rows])
    sizes = np.asarray(layer.sizes, np.float64)
    repeated = np.repeat(centres, len(sizes), axis=0)
    return np.concatenate([repeated, np.tile(sizes, (len(centres), 1))], axis=1).astype(np.float32)


def _centres(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """Column and row of each cell, row by row."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    return np.stack([column, row], axis=1).astype(np.float64)
