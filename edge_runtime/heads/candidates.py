"""Candidates of a detector (SSD with or without priors, YOLO in its several layouts) to boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edge_runtime.frames import Boxes
from edge_runtime.heads.head_refused import HeadRefused
from edge_runtime.heads.places import cells_of, priors_of
from edge_runtime.heads.suppress import suppressed

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import BoxHead

Floats: TypeAlias = "npt.NDArray[np.float32]"

_LARGEST_EXPONENT = 16.0
"""A prior that grows by e¹⁶ is larger than any picture; above it float32 would end in infinity."""


class CandidateReader:
    """Reads boxes and scores of every place, keeps those that count.

    Args:
        head: how they are written.
        labels: how many labels there are, the background not among them.
        size_px: height and width of the model's input.
    """

    def __init__(self, head: BoxHead, labels: int, size_px: tuple[int, int]) -> None:
        self._head = head
        self._labels = labels
        self._size = np.asarray([size_px[1], size_px[0]], np.float32)
        self._places = _places(head, size_px)

    def read(self, by_role: dict[str, Floats]) -> Boxes | None:
        """Boxes as fractions of the input, best first; None when a number is none.

        Args:
            by_role: `boxes` and `class-scores`, or `candidates`, with their batch axis.

        Raises:
            HeadRefused: a shape does not fit the head.
        """
        raw, scores = self._split(by_role)
        if not (np.isfinite(raw).all() and np.isfinite(scores).all()):
            return None
        scores = self._probabilities(scores)
        places, labels, cut_at = self._candidates(scores)
        corners = self._corners(raw[places], places)
        found = Boxes(corners, labels, scores[places, labels], cut_at)
        return suppressed(_inside(found), self._head.overlap, most=self._head.most)

    def _split(self, by_role: dict[str, Floats]) -> tuple[Floats, Floats]:
        head = self._head
        columns = self._labels + (head.background is not None) + head.objectness
        if "candidates" in by_role:
            table = self._table(by_role["candidates"], head.box_values + columns)
            raw, scores = table[:, : head.box_values], table[:, head.box_values :]
        else:
            raw, scores = (
                self._table(by_role["boxes"], head.box_values),
                self._table(by_role["class-scores"], columns),
            )
        places = raw.shape[0] if self._places is None else self._places.shape[0]
        if not raw.shape[0] == scores.shape[0] == places:
            raise HeadRefused(
                f"wanted {places} candidates as the manifest's head describes, found {raw.shape[0]} boxes and "
                f"{scores.shape[0]} rows of scores; mend the priors, strides or the input's size"
            )
        return raw, scores

    def _table(self, values: Floats, width: int) -> Floats:
        """N × width, the batch axis and other axes of 1 dropped."""
        flat = values.reshape(values.shape[-2:]) if values.ndim > 1 and values.size else values
        table = flat.T if self._head.axes == "columns" and flat.ndim > 1 else flat
        if table.ndim != 2 or table.shape[1] != width:  # noqa: PLR2004 - rows and columns
            raise HeadRefused(
                f"wanted {width} numbers per candidate along the head's {self._head.axes}, found an output of "
                f"{values.shape}; mend `axes`, `objectness`, `background` or the labels"
            )
        return table

    def _probabilities(self, scores: Floats) -> Floats:
        """N × labels."""
        head = self._head
        if head.scores == "sigmoid":
            scores = sigmoid(scores)
        elif head.scores == "softmax":
            grown = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores = np.asarray(grown / grown.sum(axis=1, keepdims=True), np.float32)
        if head.objectness:
            scores = scores[:, 1:] * scores[:, :1]
        return scores if head.background is None else np.delete(scores, head.background, axis=1)

    def _candidates(self, scores: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], float | None]:
        """Place and label of the best `most` of each label, in the order of the places; the best score left out."""
        places, labels = np.nonzero(scores >= self._head.least_score)
        most = self._head.most
        if places.size <= most:
            return places, labels, None
        chosen, cuts = [], []
        for label in np.unique(labels):
            mine = np.flatnonzero(labels == label)
            ranked = mine[np.argsort(-scores[places[mine], label], kind="stable")]
            chosen.append(ranked[:most])
            cuts += [float(scores[places[index], label]) for index in ranked[most : most + 1]]
        kept = np.sort(np.concatenate(chosen))
        return places[kept], labels[kept], max(cuts, default=None)

    def _corners(self, raw: Floats, places: npt.NDArray[np.intp]) -> Floats:
        """N×4: x1, y1, x2, y2 as fractions of the input."""
        kind = self._head.boxes
        if kind == "distances" and self._places is not None:
            return self._by_distances(raw, self._places[places])
        if self._places is not None:
            return self._by_priors(raw[:, [1, 0, 3, 2]] if kind == "priors-yx" else raw, self._places[places])
        if kind == "corners-yx":
            raw = raw[:, [1, 0, 3, 2]]
        elif kind == "centre":
            raw = np.concatenate([raw[:, :2] - raw[:, 2:] / 2, raw[:, :2] + raw[:, 2:] / 2], axis=1)
        return raw if self._head.unit == "fractions" else np.asarray(raw / np.tile(self._size, 2), np.float32)

    def _by_priors(self, raw: Floats, priors: Floats) -> Floats:
        """SSD (Liu et al., 2016): offsets of the centre in prior sizes, logarithms of the growth."""
        centre_variance, size_variance = self._head.variances
        centre = priors[:, :2] + raw[:, :2] * np.float32(centre_variance) * priors[:, 2:]
        growth = np.minimum(raw[:, 2:] * np.float32(size_variance), np.float32(_LARGEST_EXPONENT))
        half = priors[:, 2:] * np.exp(growth) / 2
        return np.concatenate([centre - half, centre + half], axis=1)

    def _by_distances(self, raw: Floats, cells: Floats) -> Floats:
        """Distribution focal loss (Li et al., 2020): each distance is the mean of its bins' softmax, in strides."""
        bins = raw.reshape(-1, 4, self._head.bins)
        grown = np.exp(bins - bins.max(axis=2, keepdims=True))
        steps = np.arange(self._head.bins, dtype=np.float32)
        distances = (grown @ steps) / grown.sum(axis=2) * cells[:, 2:3]
        corners = np.concatenate([cells[:, :2] - distances[:, :2], cells[:, :2] + distances[:, 2:]], axis=1)
        return np.asarray(corners / np.tile(self._size, 2), np.float32)


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + e⁻ˣ) without overflow, float32."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)


def _places(head: BoxHead, size_px: tuple[int, int]) -> Floats | None:
    if head.priors:
        return priors_of(head.priors)
    return cells_of(head.strides, size_px) if head.strides else None


def _inside(boxes: Boxes) -> Boxes:
    """Corners in order and within the picture; what lies wholly beyond it goes."""
    low = np.minimum(boxes.corners[:, :2], boxes.corners[:, 2:])
    high = np.maximum(boxes.corners[:, :2], boxes.corners[:, 2:])
    seen = np.asarray(((low < 1) & (high > 0)).all(axis=1))
    corners = np.clip(np.concatenate([low, high], axis=1), 0, 1).astype(np.float32)
    return Boxes(corners, boxes.labels, boxes.scores, boxes.cut_at).where(seen)
