"""Boxes that the network has chosen itself: what `TFLite_Detection_PostProcess` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.frames import Boxes
from edge_runtime.heads.head_refused import HeadRefused

if TYPE_CHECKING:
    import numpy.typing as npt


def listed_boxes(by_role: dict[str, npt.NDArray[np.float32]], labels: int) -> Boxes | None:
    """The boxes, best first; None when a number is none. A full list may have left out boxes up to its lowest score.

    Args:
        by_role: `boxes` 1×N×4 (y1 x1 y2 x2), `class-ids` 1×N, `box-scores` 1×N, `count` 1.
        labels: how many labels there are.

    Raises:
        HeadRefused: shapes that do not belong together, or a class without a label.
    """
    counted = float(by_role["count"].reshape(-1)[0]) if by_role["count"].size else np.nan
    if not np.isfinite(counted):
        return None
    count = round(counted)
    ids, scores = by_role["class-ids"].reshape(-1)[:count], by_role["box-scores"].reshape(-1)[:count]
    corners = by_role["boxes"].reshape(-1, 4)[:count, [1, 0, 3, 2]]
    if not 0 <= count == len(ids) == len(scores) == len(corners):
        raise HeadRefused(
            f"wanted {count} boxes as the output of the role count says, found {len(corners)} boxes, {len(ids)} "
            f"classes and {len(scores)} scores; mend the roles of the outputs"
        )
    if not all(np.isfinite(values).all() for values in (ids, scores, corners)):
        return None
    chosen = np.rint(ids).astype(np.intp)
    if count and not 0 <= chosen.min() <= chosen.max() < labels:
        raise HeadRefused(
            f"wanted classes from 0 to {labels - 1}, one per label, found {chosen.min()} to {chosen.max()}; give the "
            "model's own labels"
        )
    order = np.argsort(-scores, kind="stable")
    is_full = 0 < count == by_role["boxes"].size // 4
    cut_at = float(scores.min()) if is_full else None
    return Boxes(np.clip(corners, 0, 1), chosen, scores, cut_at).where(order)
