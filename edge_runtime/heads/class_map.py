"""A class for each place of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.heads.candidates import sigmoid
from edge_runtime.heads.head_refused import HeadRefused

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import PixelHead

_MOST_LABELS = 256
_LABELS_OF_ONE = 2
"""A probability of one class has two labels: the background and it."""
_RANK = 4


def class_map_of(values: npt.NDArray[np.float32], head: PixelHead, labels: int) -> npt.NDArray[np.uint8] | None:
    """uint8 h×w: a label's index per place; None when a number is none.

    Args:
        values: the output with its batch axis.
        head: how it is written.
        labels: how many labels there are, at most 256.

    Raises:
        HeadRefused: a shape that does not fit, or a class without a label.
    """
    if not np.isfinite(values).all():
        return None
    planes = _planes(values, head)
    wanted = labels if head.values == "scores" else 1
    of_one = head.values in {"sigmoid", "probabilities"}
    if planes.shape[2] != wanted or labels > _MOST_LABELS or (of_one and labels != _LABELS_OF_ONE):
        raise HeadRefused(
            f"wanted a map of {wanted} values per place for {labels} labels ({_LABELS_OF_ONE} for one score), found "
            f"an output of {values.shape}; mend `values`, `layout` or the labels"
        )
    if head.values == "scores":
        return np.asarray(planes.argmax(axis=2), np.uint8)
    plane = planes[:, :, 0]
    if head.values == "numbers":
        return _numbered(plane, labels)
    return np.asarray((sigmoid(plane) if head.values == "sigmoid" else plane) >= head.least_score, np.uint8)


def shares(
    class_map: npt.NDArray[np.uint8], labels: int, judged: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float32]:
    """float32 [labels]: the share of the judged places that each label covers; NaN when no place is judged."""
    counted = class_map.reshape(-1) if judged is None else class_map[judged]
    if not counted.size:
        return np.full(labels, np.nan, np.float32)
    return np.asarray(np.bincount(counted, minlength=labels)[:labels] / counted.size, np.float32)


def _planes(values: npt.NDArray[np.float32], head: PixelHead) -> npt.NDArray[np.float32]:
    """H × w × values per place."""
    if values.ndim == _RANK:
        return np.asarray(values[0] if head.layout == "NHWC" else np.moveaxis(values[0], 0, -1))
    if values.ndim == _RANK - 1 and head.values != "scores":
        return np.asarray(values[0][:, :, None])
    raise HeadRefused(f"wanted a map of classes with rows and columns, found an output of {values.shape}")


def _numbered(plane: npt.NDArray[np.float32], labels: int) -> npt.NDArray[np.uint8]:
    numbers = np.rint(plane)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < labels:
        raise HeadRefused(
            f"wanted classes from 0 to {labels - 1}, one per label, found {numbers.min():g} to {numbers.max():g}; give "
            "the model's own labels"
        )
    return np.asarray(numbers, np.uint8)
