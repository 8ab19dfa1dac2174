"""Of boxes that lie on one another the best is kept: greedy non-maximum suppression, label by label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_runtime.frames import Boxes

Measure: TypeAlias = Literal["union", "smaller"]


def suppressed(boxes: Boxes, overlap: float, *, most: int, measure: Measure = "union") -> Boxes:
    """The boxes that remain, best first.

    Args:
        boxes: in any order.
        overlap: of two boxes with one label that share more, the lower scored goes.
        most: so many of each label remain, the best; the next one's score is told as `cut_at`.
        measure: what the shared area is divided by: the union of both, or the smaller of them. The latter joins the
            two halves of a thing that the border of two tiles has cut.
    """
    kept: list[int] = []
    cuts = [] if boxes.cut_at is None else [boxes.cut_at]
    for label in np.unique(boxes.labels):
        chosen = _kept(boxes, np.flatnonzero(boxes.labels == label), overlap, most, measure)
        kept += chosen[:most]
        cuts += [float(boxes.scores[index]) for index in chosen[most:]]
    # Ties are broken by place, so that the same boxes give the same order everywhere.
    ranked = sorted(kept, key=lambda index: (-float(boxes.scores[index]), index))
    return replace(boxes.where(np.asarray(ranked, np.intp)), cut_at=max(cuts, default=None))


def shared(
    corners: npt.NDArray[np.float32], others: npt.NDArray[np.float32], measure: Measure
) -> npt.NDArray[np.float32]:
    """float32 N: how much one box (4 corners) shares with each of N×4 others, 0 to 1."""
    upper, lower = np.maximum(corners[:2], others[:, :2]), np.minimum(corners[2:], others[:, 2:])
    both = np.prod(np.clip(lower - upper, 0, None), axis=1)
    own, theirs = np.prod(corners[2:] - corners[:2]), np.prod(others[:, 2:] - others[:, :2], axis=1)
    whole = np.minimum(own, theirs) if measure == "smaller" else own + theirs - both
    return np.asarray(np.divide(both, whole, out=np.zeros_like(both), where=whole > 0), np.float32)


def _kept(boxes: Boxes, mine: npt.NDArray[np.intp], overlap: float, most: int, measure: Measure) -> list[int]:
    """The best `most`, and the next one where there is one."""
    left = mine[np.argsort(-boxes.scores[mine], kind="stable")]
    kept: list[int] = []
    while left.size and len(kept) <= most:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        left = left[shared(boxes.corners[best], boxes.corners[left], measure) <= overlap]
    return kept
