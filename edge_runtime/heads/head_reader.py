"""Reads a network's outputs by the head that its manifest describes.

An output that is not all finite numbers gives values of NaN, never an empty list of boxes: a detector whose scores are
NaN has found nothing only because NaN is below every threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edge_contracts.manifest import BoxHead, ImageInput, ListedHead, PixelHead
from edge_runtime.frames import Boxes, Scores
from edge_runtime.heads.candidates import CandidateReader
from edge_runtime.heads.class_map import class_map_of, shares
from edge_runtime.heads.listed import listed_boxes

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from edge_contracts.manifest import Manifest

Floats: TypeAlias = "npt.NDArray[np.float32]"


class HeadReader:
    """Turns the outputs of one model into scores.

    Args:
        manifest: of a model with a head.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._labels = len(manifest.labels)
        self._roles = {output.role: output.tensor for output in manifest.outputs if output.role != "raw"}
        self._read = self._reading(manifest)

    def scores(self, outputs: dict[str, Floats]) -> Scores:
        """Scores of one run.

        Args:
            outputs: every output by tensor name, dequantised float32, batch axis kept.

        Raises:
            HeadRefused: an output's shape does not fit the head.
        """
        found = self._read({role: outputs[tensor] for role, tensor in self._roles.items()})
        if found is None:
            return Scores(np.full(self._labels, np.nan, np.float32), None, outputs)
        if isinstance(found, Boxes):
            return Scores(best_scores(found, self._labels), None, outputs, boxes=found)
        return Scores(shares(found, self._labels), None, outputs, class_map=found)

    def _reading(self, manifest: Manifest) -> Callable[[dict[str, Floats]], Boxes | npt.NDArray[np.uint8] | None]:
        head, labels = manifest.head, self._labels
        if isinstance(head, BoxHead):
            spec = manifest.input
            size_px = (spec.height_px, spec.width_px) if isinstance(spec, ImageInput) else (1, 1)
            return CandidateReader(head, labels, size_px).read
        if isinstance(head, PixelHead):
            return lambda by_role: class_map_of(by_role["class-map"], head, labels)
        assert isinstance(head, ListedHead)  # noqa: S101 - a manifest without a head has no reader
        return lambda by_role: listed_boxes(by_role, labels)


def best_scores(boxes: Boxes, labels: int) -> Floats:
    """float32 [labels]: the best box's score of each label, 0 where there is none."""
    values = np.zeros(labels, np.float32)
    np.maximum.at(values, boxes.labels, boxes.scores)
    return values
