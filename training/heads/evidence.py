"""What heads learn from: numbers of good and of defective parts, and where defects were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.heads.cells import cell_rows
from training.heads.pooled import pooled_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.features.feature_part import FeaturePart

    Pixels = npt.NDArray[np.uint8]

FEWEST_DRAWN = 5
"""Groups of defects with boxes or masks; with fewer the places are not learned."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """N parts, the good ones first.

    is_defect: N.
    pooled: N×4×D float32; the picture as it is, then turned over sideways, upside down, and both.
    cells: N×h×w×K float32 of the picture as it is; empty where too few defects were drawn.
    marks: N×h×w, the places of drawn defects.
    groups: N; relatives share a name.
    """

    is_defect: npt.NDArray[np.bool_]
    pooled: npt.NDArray[np.float32]
    cells: npt.NDArray[np.float32]
    marks: npt.NDArray[np.bool_]
    groups: tuple[str, ...]

    @property
    def kinds(self) -> npt.NDArray[np.intp]:
        """N: 0 good, 1 defective, 2 defective and drawn; each must be in every fold."""
        return self.is_defect.astype(np.intp) + (self.is_defect & self.marks.any(axis=(1, 2)))


def gather(
    part: FeaturePart,
    frames: Sequence[Pixels],
    is_defect: npt.NDArray[np.bool_],
    marks: npt.NDArray[np.bool_],
    groups: Sequence[str],
) -> Evidence:
    """Run the network over every picture.

    Args:
        part: with the tensors `pooled` and `cells`.
        frames: N pictures of the part's input size.
        is_defect: which of them are defective.
        marks: N×h×w, the places of the features where defects were drawn.
        groups: N; relatives share a name.
    """
    pooled = pooled_rows(part, (view for frame in frames for view in _turned_over(frame)))
    drawn = {groups[place] for place in np.flatnonzero(marks.any(axis=(1, 2))).tolist()}
    cells = cell_rows(part, frames) if len(drawn) >= FEWEST_DRAWN else np.zeros((0, *marks.shape[1:], 0), np.float32)
    return Evidence(is_defect, pooled.reshape(len(frames), -1, pooled.shape[1]), cells, marks, tuple(groups))


def _turned_over(frame: Pixels) -> list[Pixels]:
    return [np.ascontiguousarray(one) for one in (frame, frame[:, ::-1], frame[::-1], frame[::-1, ::-1])]
