"""The first half of a detector: a graph from camera bytes to features, run by the board's own runtime."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.tflite import write_tflite
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import ImageInput, TensorQuantisation
from edge_runtime.infer.backend import open_backend
from edge_runtime.preprocess import Preprocessor
from edge_runtime.signals.feeder import Feeder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from converters.graph import Graph, Tensor
    from edge_contracts.manifest import SeriesInput, SoundInput
    from edge_runtime.frames import Window

RESIZE = "area"
RUNTIME = "litert"
_BYTE_CENTRE = 128


@dataclass(frozen=True, slots=True)
class FeaturePart:
    """A graph with one input, 1×H×W×3 RGB as uint8 or int8, and one output, 1×h×w×C float32 features.

    method: `gabor` or `backbone`; goes into the detector's provenance.
    layers: tensors on the way, 1×h×w×C each, fine ones first, that tell of the picture as a whole; as the network
        stores them.
    heard: the front end of a part whose input is a sound's spectra or a sensor's readings; None for pictures.
    """

    graph: Graph
    method: str
    layers: tuple[str, ...] = ()
    heard: SoundInput | SeriesInput | None = None

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


def hear_features(part: FeaturePart, recordings: Iterable[Window]) -> list[npt.NDArray[np.float32]]:
    """Run every input that each recording holds on one thread and return N×h×w×C float32 per recording.

    Raises:
        BadInputError: a part of pictures, no recording, or one that does not fit the part's front end.
        BackendError: the runtime refuses the graph.
    """
    if part.heard is None:
        raise BadInputError(f"wanted a part that hears, found {part.method} for pictures; see spectrogram_part")
    feeder = Feeder(part.heard)
    heard = [feeder.inputs(one) for one in recordings]
    features = _run(part, (partial(feeder.write, one) for inputs in heard for one in inputs))
    return np.split(features, np.cumsum([len(inputs) for inputs in heard])[:-1])


def extract_features(part: FeaturePart, frames: Iterable[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """Run every frame (H×W×3 uint8 RGB of any size) on one thread and return N×h×w×C float32.

    Raises:
        BadInputError: no frame, or one that is no H×W×3 uint8 picture.
        BackendError: the runtime refuses the graph.
    """
    write = Preprocessor(part.spec).write
    return _run(part, (partial(write, frame) for frame in frames))


def _run(part: FeaturePart, fills: Iterable[Callable[[npt.NDArray[Any]], None]]) -> npt.NDArray[np.float32]:
    backend = open_backend(write_tflite(part.graph), model_format="tflite", runtime=RUNTIME, threads=1)
    rows = [next(iter(backend.run(fill).values()))[0] for fill in fills]
    backend.close()
    if not rows:
        raise BadInputError("wanted at least one good part, found none; give a folder that shows or sounds good parts")
    return np.asarray(np.stack(rows), np.float32)
