"""A picture at the size at which a model sees it, by the board's own preprocessing and still as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.manifest import TensorQuantisation
from edge_runtime.preprocess import prepare

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import ImageInput


def resized(pixels: npt.NDArray[np.uint8], spec: ImageInput) -> npt.NDArray[np.uint8]:
    """The picture that `spec` feeds: H×W×C uint8 of the input's size, for H×W×3 uint8 RGB of any."""
    plain = TensorQuantisation(scale=1.0, zero_point=0)
    as_bytes = spec.model_copy(update={"dtype": "uint8", "mean": (0.0,), "std": (1.0,), "quantisation": plain})
    return np.asarray(prepare(pixels, as_bytes)[0], np.uint8)
