"""What is wanted for each picture, per task: its class, a class for each place, or boxes with classes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from training.dataset.drawn import defect_boxes, defect_mask
from training.networks.network import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from training.dataset import Sample
    from training.networks.network import NetworkSpec, Task

GROUND = "good"
"""The first label of masks: what is no defect."""

COVERED = 0.25
"""A place of the network's size is a defect where so much of it is: thin scratches must not vanish."""

LEAST_BOX_PX = 1.0
"""Of the longer side at the network's size: what is smaller than a pixel cannot be seen there."""

NAMED_AT_ONCE = 3
_BOX = 5


def labels_of(task: Task, samples: Sequence[Sample]) -> tuple[str, ...]:
    """The network's outputs, in order.

    Raises:
        BadInputError: no boxes where boxes are to be learned.
    """
    if task == "boxes":
        found = {box.label for one in samples for box in defect_boxes(one)}
        if not found:
            raise BadInputError("wanted boxes to learn from, found none drawn; draw them, or choose another network")
        return tuple(sorted(found))
    labels = sorted({one.label for one in samples})
    if task == "masks":
        return (GROUND, *(label for label in labels if label not in {one.label for one in samples if one.is_good}))
    return tuple(labels)


def answer_of(
    task: Task, sample: Sample, labels: Sequence[str], shape: tuple[int, int], spec: NetworkSpec
) -> npt.NDArray[Any]:
    """What is wanted for one picture, as `Lesson.wanted` has it; boxes as rows, as many as there are.

    Args:
        task: what the network answers.
        sample: the picture.
        labels: of `labels_of`.
        shape: height and width of the picture as it was read, in pixels.
        spec: the network.

    Raises:
        BadInputError: a class that is not learned, a mask that is no picture or marks nothing, or a box that is too
            small to be seen.
    """
    if task == "classes":
        return np.array(_output(sample.label, labels, sample), np.int64)
    if task == "masks":
        return _mask(sample, labels, spec)
    across, down = spec.width_px / shape[1], spec.height_px / shape[0]
    _require_seen(sample, across, down, spec)
    rows = [
        (
            _output(box.label, labels, sample),
            box.x_px * across,
            box.y_px * down,
            (box.x_px + box.width_px) * across,
            (box.y_px + box.height_px) * down,
        )
        for box in defect_boxes(sample)
    ]
    return np.array(rows, np.float32).reshape(-1, _BOX)


def joined(task: Task, answers: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """All answers as one array; boxes filled up with rows of class -1."""
    if task != "boxes":
        return np.stack(answers)
    most = max(1, *(len(rows) for rows in answers))
    whole = np.full((len(answers), most, _BOX), -1, np.float32)
    for place, rows in enumerate(answers):
        whole[place, : len(rows)] = rows
    return whole


def require_drawn(task: Task, samples: Sequence[Sample]) -> None:
    """Refuse defective pictures of which nobody drew where the defect is: they would teach that it is none."""
    if task == "classes":
        return
    bare = [
        str(one.path)
        for one in samples
        if not one.is_good and not (one.masks if task == "masks" else defect_boxes(one))
    ]
    if bare:
        drawn = "mask" if task == "masks" else "box"
        raise BadInputError(
            f"wanted a {drawn} for each picture of a defect, found none for {len(bare)} of {len(samples)}, such as "
            f"{', '.join(bare[:NAMED_AT_ONCE])}; draw them, or leave these pictures out"
        )


def _output(label: str, labels: Sequence[str], sample: Sample) -> int:
    """Which of the network's outputs stands for a class."""
    if label not in labels:
        raise BadInputError(
            f"wanted the classes that are learned ({', '.join(labels)}), found {label!r} on {sample.path}; draw "
            "some of it on pictures that are learned, or mend the split"
        )
    return labels.index(label)


def _require_seen(sample: Sample, across: float, down: float, spec: NetworkSpec) -> None:
    """Refuse boxes of less than a pixel at the network's size: the picture would teach that nothing is there."""
    for box in defect_boxes(sample):
        width_px, height_px = box.width_px * across, box.height_px * down
        if max(width_px, height_px) < LEAST_BOX_PX:
            step, times = NETWORKS[spec.name].divisor_px, LEAST_BOX_PX / max(width_px, height_px)
            wide, high = (ceil(one * times / step) * step for one in (spec.width_px, spec.height_px))
            raise BadInputError(
                f"wanted boxes of {LEAST_BOX_PX:g} px or more at the network's {spec.width_px}×{spec.height_px} px, "
                f"found one of {box.width_px:g}×{box.height_px:g} px on {sample.path}, which is {width_px:.2g}×"
                f"{height_px:.2g} px there; take an input of {wide}×{high} px or more, or leave the box out"
            )


def _mask(sample: Sample, labels: Sequence[str], spec: NetworkSpec) -> npt.NDArray[np.uint8]:
    size = (spec.width_px, spec.height_px)
    drawn = defect_mask(sample)
    if drawn is None or sample.is_good:
        return np.zeros(size[::-1], np.uint8)
    if not drawn.any():
        raise BadInputError(
            f"wanted a mask that shows the defect of {sample.path}, found {sample.masks[0]} black where the network "
            "looks; draw it, or call the picture good"
        )
    shares = cv2.resize(drawn.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.where(_marked(np.asarray(shares, np.float32)), _output(sample.label, labels, sample), 0).astype(np.uint8)


def _marked(shares: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which places are a defect. Of a spot that covers none enough those it covers best: a pore must not vanish.

    Args:
        shares: H×W, how much of each place is drawn as defective, 0 to 1.
    """
    count, found = cv2.connectedComponents((shares > 0).astype(np.uint8), connectivity=8)
    spots, best = np.asarray(found, np.intp), np.zeros(count, np.float32)
    np.maximum.at(best, spots, shares)
    limits = np.where(best >= COVERED, COVERED, best / 2)
    return np.asarray((shares > 0) & (shares >= limits[spots]), np.bool_)
