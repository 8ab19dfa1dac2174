"""The parts that a bundle brings to a board that is taught: a row each from the finished network, and pictures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from converters.report.thumbnail import as_jpeg, reduced
from edge_contracts.known_parts import (
    KNOWN_DEFECTIVE,
    KNOWN_GOOD,
    KNOWN_MOST,
    PICTURE_SIDE_PX,
    PICTURED_MOST,
    picture_member,
)
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.features.feature_part import RUNTIME
from training.features.part_features import PART_FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_contracts.manifest import ImageInput

    Pixels = npt.NDArray[np.uint8]

PICTURE_BYTES = 3000


def known_members(
    model: bytes, spec: ImageInput, good: Sequence[Pixels], defective: Sequence[Pixels] = ()
) -> dict[str, bytes]:
    """The members of the bundle that hold them: of at most 64 good and 16 defective ones, spread over all.

    Args:
        model: a TFLite file with the output `part_features`.
        spec: how a picture becomes its input.
        good: photographs of parts, H×W×3 uint8 RGB.
        defective: the same of labelled defects.

    Raises:
        BackendError: the runtime refuses the model.
    """
    rows = _spread(len(good), KNOWN_MOST)
    members = {KNOWN_GOOD: _rows(model, spec, (good[place] for place in rows))}
    members |= {picture_member("good", row): _picture(good[rows[row]]) for row in _spread(len(rows), PICTURED_MOST)}
    if len(defective):
        rows = _spread(len(defective), PICTURED_MOST)
        members[KNOWN_DEFECTIVE] = _rows(model, spec, (defective[place] for place in rows))
        members |= {picture_member("defective", row): _picture(defective[place]) for row, place in enumerate(rows)}
    return members


def _spread(count: int, most: int) -> list[int]:
    return [int(place) for place in np.unique(np.linspace(0, count - 1, most).astype(int))]


def _picture(photograph: Pixels) -> bytes:
    return as_jpeg(reduced(photograph, PICTURE_SIDE_PX), PICTURE_BYTES)


def _rows(model: bytes, spec: ImageInput, frames: Iterable[Pixels]) -> bytes:
    backend, write = open_backend(model, model_format="tflite", runtime=RUNTIME, threads=1), Preprocessor(spec).write
    rows = [
        backend.run(lambda buffer, frame=frame: write(frame, buffer))[PART_FEATURES][0].copy()  # type: ignore[misc]
        for frame in frames
    ]
    backend.close()
    content = io.BytesIO()
    np.save(content, np.stack(rows).astype(np.float32), allow_pickle=False)
    return content.getvalue()
