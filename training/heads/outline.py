"""Where in a picture its defects are, from drawn boxes or from a mask: as a share of each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from edge_runtime.capture.picture_file import load_opencv
from training.dataset.drawn import defect_boxes, defect_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.dataset import Box, Sample

    Shares = npt.NDArray[np.float64]

MARKED_FROM = 0.25
"""A cell of which a quarter is defective counts as defective; a smaller share is mostly the good part around it."""


class Outline(Protocol):
    """Where a picture's defects are."""

    def shares(self, grid: tuple[int, int], picture_px: tuple[int, int]) -> Shares:
        """The defective share of each cell, 0 to 1.

        Args:
            grid: rows and columns of cells, which lie over the whole picture.
            picture_px: the picture's height and width.
        """
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class BoxOutline:
    """Boxes, one or more."""

    boxes: Sequence[Box]

    def shares(self, grid: tuple[int, int], picture_px: tuple[int, int]) -> Shares:
        """Each box's exact overlap; where boxes overlap each other the greater share counts."""
        (rows, columns), (height_px, width_px) = grid, picture_px
        grids = [
            np.outer(
                _overlaps(box.y_px / height_px, (box.y_px + box.height_px) / height_px, rows),
                _overlaps(box.x_px / width_px, (box.x_px + box.width_px) / width_px, columns),
            )
            for box in self.boxes
        ]
        return np.asarray(np.maximum.reduce(grids))


@dataclass(frozen=True, slots=True)
class MaskOutline:
    """A sample with a mask, which is read when it is asked for."""

    sample: Sample

    def shares(self, grid: tuple[int, int], picture_px: tuple[int, int]) -> Shares:  # noqa: ARG002 - a mask has its own
        """The mask averaged over each cell.

        Raises:
            BadInputError: the file is no picture.
        """
        defective = defect_mask(self.sample)
        if defective is None:
            return np.zeros(grid)
        cv2 = load_opencv()
        shares = cv2.resize(defective.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(shares, np.float64)


def outline_of(sample: Sample) -> Outline | None:
    """Where the defects of a sample lie; None where nobody drew them.

    Raises:
        BadInputError: a kept picture that is none.
    """
    if sample.masks:
        return MaskOutline(sample)
    boxes = defect_boxes(sample)
    return BoxOutline(boxes) if boxes else None


def marked_cells(outline: Outline, grid: tuple[int, int], picture_px: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Which cells count as defective: those of a quarter or more, and the one with the greatest share in any case."""
    shares = outline.shares(grid, picture_px)
    return np.asarray((shares >= MARKED_FROM) | ((shares == shares.max()) & (shares > 0)), np.bool_)


def _overlaps(start: float, end: float, cells: int) -> Shares:
    """The share of each of `cells` equal parts of 0 to 1 that lies between start and end."""
    edges = np.linspace(0, 1, cells + 1)
    inside = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    return np.asarray(np.clip(inside * cells, 0, 1), np.float64)
