"""Add what labelled defects teach to a detector that learned good parts alone.

The sequence: run the same network over good and defective parts; fit each head on four fifths and ask it of the rest,
five times; choose on those held-out answers how to join them with the good-only score; fit the heads on everything, set
the threshold anew, draw both into the detector's graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from converters.tflite import write_tflite
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.dataset.input_size import resized
from training.detectors.threshold_rule import ThresholdRule
from training.features.feature_part import RUNTIME
from training.heads.cells import add_cells
from training.heads.evidence import gather
from training.heads.joining import taught_by
from training.heads.layered_part import picture_input
from training.heads.outline import marked_cells
from training.heads.pooled import add_pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training.detectors.learn import Detector
    from training.features.feature_part import FeaturePart
    from training.heads.joining import Taught
    from training.heads.outline import Outline

    Pixels = npt.NDArray[np.uint8]

LOGNORMAL = ThresholdRule()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Good and defective parts, the good ones first: N each.

    photographs: H×W×3 uint8 RGB; the good ones are those that the detector learned, in its order.
    is_defect, outlines: of each.
    groups: of each; relatives share a name. Five groups have defects, and five others have none.
    """

    photographs: Sequence[Pixels]
    is_defect: npt.NDArray[np.bool_]
    outlines: Sequence[Outline | None]
    groups: Sequence[str]


def teach(
    detector: Detector,
    part: FeaturePart,
    lesson: Lesson,
    *,
    rule: ThresholdRule = LOGNORMAL,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Taught:
    """Learn heads and join them with the detector.

    Args:
        detector: what the good parts of the lesson taught.
        part: the feature part with its layers, of the detector's own network and input size.
        lesson: good and defective parts.
        rule: how the threshold is set.
        seed: shuffles the folds.
        progress: called with the number of photographs read, after each.

    Raises:
        BadInputError: a picture or mask that cannot be read.
        BackendError: the runtime refuses a graph.
    """
    branch = add_cells(add_pooled(part))
    frames, marks = _seen(part, lesson, progress)
    with threadpool_limits(limits=1, user_api="blas"):  # a product's rounding depends on how many threads shared it
        evidence = gather(branch, frames, lesson.is_defect, marks, lesson.groups)
        defective = [frame for frame, is_defect in zip(frames, lesson.is_defect, strict=True) if is_defect]
        good_only = np.concatenate([detector.good_scores, detector_scores(detector, defective)])
        return taught_by(detector, branch, evidence, good_only, np.arange(len(frames)), rule, seed)


def _seen(
    part: FeaturePart, lesson: Lesson, progress: Callable[[int], object] | None
) -> tuple[list[Pixels], npt.NDArray[np.bool_]]:
    """The pictures at the part's input size, and which places of its features are drawn as defective: N×h×w."""
    _, rows, columns, _ = part.graph.tensors[part.graph.outputs[0]].shape
    marks = np.zeros((len(lesson.outlines), rows, columns), np.bool_)
    frames = []
    for place, (photograph, outline) in enumerate(zip(lesson.photographs, lesson.outlines, strict=True)):
        frames.append(resized(photograph, part.spec))
        if outline is not None and lesson.is_defect[place]:
            marks[place] = marked_cells(outline, (rows, columns), photograph.shape[:2])
        if progress is not None:
            progress(place + 1)
    return frames, marks


def detector_scores(detector: Detector, frames: Sequence[Pixels]) -> list[float]:
    """The finished detector's scores of parts that it has not learned."""
    backend = open_backend(write_tflite(detector.graph), model_format="tflite", runtime=RUNTIME, threads=1)
    write = Preprocessor(picture_input(detector)).write
    name = detector.graph.outputs[0]
    found = [
        float(backend.run(lambda buffer, frame=frame: write(frame, buffer))[name][0])  # type: ignore[misc]
        for frame in frames
    ]
    backend.close()
    return found
