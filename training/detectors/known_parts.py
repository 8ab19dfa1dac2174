"""The good parts that a bundle brings to a board that is taught: a row each, as the finished network gives it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edge_contracts.known_parts import KNOWN_GOOD, KNOWN_MOST
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from training.features.feature_part import RUNTIME
from training.features.part_features import PART_FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_contracts.manifest import ImageInput

    Pixels = npt.NDArray[np.uint8]


def known_members(model: bytes, spec: ImageInput, photographs: Sequence[Pixels]) -> dict[str, bytes]:
    """The members of the bundle that hold them, of at most 64 of the photographs, spread over all.

    Args:
        model: a TFLite file with the output `part_features`.
        spec: how a picture becomes its input.
        photographs: of good parts, H×W×3 uint8 RGB.

    Raises:
        BackendError: the runtime refuses the model.
    """
    places = np.unique(np.linspace(0, len(photographs) - 1, KNOWN_MOST).astype(int))
    backend, write = open_backend(model, model_format="tflite", runtime=RUNTIME, threads=1), Preprocessor(spec).write
    rows = []
    for place in places.tolist():
        frame = photographs[place]
        rows.append(backend.run(lambda buffer, frame=frame: write(frame, buffer))[PART_FEATURES][0].copy())  # type: ignore[misc]
    backend.close()
    content = io.BytesIO()
    np.save(content, np.stack(rows).astype(np.float32), allow_pickle=False)
    return {KNOWN_GOOD: content.getvalue()}
