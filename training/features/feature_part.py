"""The first half of a detector: a graph from camera bytes to features, run by the board's own runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput, TensorQuantisation
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from converters.graph import Graph, Tensor

RESIZE = "area"
RUNTIME = "litert"
_BYTE_CENTRE = 128


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """A graph with one input, 1×H×W×3 RGB as uint8 or int8, and one output, 1×h×w×C float32 features.

    method: `gabor` or `backbone`; goes into the detector's provenance.
    """

    graph: Graph
    method: str

    @property
    def image(self) -> Tensor:
        """The input tensor."""
        return self.graph.tensors[self.graph.inputs[0]]

    @property
    def spec(self) -> ImageInput:
        """How a picture becomes the input tensor: resized by area, each byte fed as it is (int8: minus 128).

        Mean and deviation are the bytes' own meaning under the tensor's quantisation: real = (byte - mean) / std.
        """
        tensor = self.image
        if tensor.quantization is None:
            raise BadInputError(f"wanted a quantised input, found {tensor.name!r} without scale; export it quantised")
        scale, zero_point = float(tensor.quantization.scale[0]), int(tensor.quantization.zero_point[0])
        signed = tensor.dtype == np.int8
        return ImageInput(
            tensor=tensor.name,
            height_px=tensor.shape[1],
            width_px=tensor.shape[2],
            resize=RESIZE,
            dtype="int8" if signed else "uint8",
            mean=(float(zero_point + _BYTE_CENTRE if signed else zero_point),),
            std=(1 / scale,),
            quantisation=TensorQuantisation(scale=scale, zero_point=zero_point),
        )


def extract_features(part: FeaturePart, frames: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """Run every frame (H×W×3 uint8 RGB of any size) on one thread and return N×h×w×C float32.

    Raises:
        BadInputError: no frame, or one that is no H×W×3 uint8 picture.
        BackendError: the runtime refuses the graph.
    """
    backend = open_backend(write_tflite(part.graph), model_format="tflite", runtime=RUNTIME, threads=1)
    write = Preprocessor(part.spec).write
    rows = []
    for frame in frames:
        (features,) = backend.run(lambda buffer, frame=frame: write(frame, buffer)).values()  # type: ignore[misc]
        rows.append(features[0])
    backend.close()
    if not rows:
        raise BadInputError("wanted at least one photograph, found none; give a folder with pictures of good parts")
    return np.asarray(np.stack(rows), np.float32)


def resized(pixels: npt.NDArray[np.uint8], spec: ImageInput) -> npt.NDArray[np.uint8]:
    """The picture that `spec` feeds, still as bytes: H×W×3 uint8 RGB of the input's size."""
    plain = TensorQuantisation(scale=1.0, zero_point=0)
    as_bytes = spec.model_copy(update={"dtype": "uint8", "mean": (0.0,), "std": (1.0,), "quantisation": plain})
    return np.asarray(prepare(pixels, as_bytes)[0], np.uint8)
