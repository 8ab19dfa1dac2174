"""A bundle as a function: pixels in, scores out.

The daemon, the converter's gate and the trainer all score with this: there is one preprocessing in the house.
"""

from __future__ import annotations

import io
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.bundle import Bundle, read_bundle
from edge_contracts.errors import BadInputError, LeptonError, MissingExtraError
from edge_contracts.manifest import ImageInput, Manifest, Output, SeriesInput, SoundInput
from edge_runtime.frames import Scores, Window
from edge_runtime.heads.head_reader import HeadReader
from edge_runtime.infer.backend import Backend, open_backend
from edge_runtime.infer.joined import joined
from edge_runtime.signals.feeder import Feeder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.manifest import Golden, ModelInput, TensorQuantisation
    from edge_runtime.frames import Subject

_log = logging.getLogger(__name__)
_TAKEN = {"image": "a picture", "sound": "a recording", "series": "a recording", "tensor": "numbers"}


class GoldenMismatch(LeptonError, ValueError):
    """This machine does not answer as the one that recorded the bundle's goldens: it must not judge parts."""


class Predictor:
    """Scores inputs with one bundle.

    Example:
        >>> predictor = Predictor.open(Path("part.bundle"))
        >>> predictor.verify_goldens()
        >>> predictor.predict(frame.pixels).values[0]

    Args:
        bundle: a bundle that was read and checked.
        backend: its model, loaded.
    """

    def __init__(self, bundle: Bundle, backend: Backend) -> None:
        self._bundle = bundle
        self._manifest = bundle.manifest
        self._backend = backend
        spec = bundle.manifest.input
        self._outputs = tuple(_RealOutput(output) for output in bundle.manifest.outputs)
        self._write_pixels = _pixel_writer(spec) if isinstance(spec, ImageInput) else None
        self._feeder = Feeder(spec) if isinstance(spec, SoundInput | SeriesInput) else None
        self._head = HeadReader(bundle.manifest) if bundle.manifest.head else None

    @classmethod
    def open(cls, path: Path, *, runtime: str = "auto", threads: int = 1, kernels: str = "default") -> Predictor:
        """Read a bundle and load its model.

        Args:
            path: a bundle file, or the folder of an unpacked one.
            runtime: `auto`, `litert`, `tflite` or `onnx`.
            threads: threads of the runtime.
            kernels: `default`, or `builtin` for the runtime's kernels without a delegate.

        Raises:
            BundleRejected: the bundle is damaged or none.
            MissingExtraError: the runtime is not installed.
            BackendError: the runtime refuses the model.
        """
        return cls.load(read_bundle(path), runtime=runtime, threads=threads, kernels=kernels)

    @classmethod
    def load(cls, bundle: Bundle, *, runtime: str = "auto", threads: int = 1, kernels: str = "default") -> Predictor:
        """Load the model of a bundle that is already in memory; see `open`."""
        backend = open_backend(
            bundle.model, model_format=bundle.manifest.runtime, runtime=runtime, threads=threads, kernels=kernels
        )
        return cls(bundle, backend)

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self._manifest

    @property
    def digest(self) -> str:
        """The bundle's name: SHA-256 of its manifest, hexadecimal."""
        return self._bundle.digest

    def member(self, path: str) -> bytes | None:
        """A file of the bundle, None where it has none of that name."""
        return self._bundle.members.get(path)

    @property
    def backend(self) -> Backend:
        """The runtime, for its name, version and kernels."""
        return self._backend

    def predict(self, subject: Subject) -> Scores:
        """Score one picture, or one window of samples.

        Args:
            subject: H×W×3 uint8 RGB pixels, 0–255; or a window at the manifest's rate, of which every input that it
                holds is scored and the answers are joined.

        Raises:
            BadInputError: the pixels or samples do not fit, or the model takes something else.
            BackendError: the runtime failed.
        """
        if isinstance(subject, Window):
            return self._hear(subject)
        write = self._write_pixels
        if write is None:
            raise self._misfit("a picture")
        return self._score(partial(write, subject))

    def predict_tensor(self, values: npt.NDArray[Any]) -> Scores:
        """Score one input that is no picture, or a picture that is already in the model's own form.

        Args:
            values: the input tensor's shape, with or without the batch axis; real float32 values, or stored values
                in the model's own dtype.

        Raises:
            BadInputError: the shape or dtype does not fit.
            BackendError: the runtime failed.
        """
        stored = _stored(values, self.manifest.input)
        return self._score(lambda buffer: np.copyto(buffer, stored.reshape(buffer.shape)))

    def stored(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The input tensor that a run on `values` feeds: the model's own shape and dtype.

        Args:
            values: H×W×3 uint8 RGB pixels for a model that takes pictures, else as for `predict_tensor`.

        Raises:
            BadInputError: the values do not fit.
        """
        spec = self.manifest.input
        if self._write_pixels is None or values.shape == spec.shape:
            return _stored(values, spec)
        buffer = np.empty(spec.shape, np.dtype(spec.dtype))
        self._write_pixels(values, buffer)
        return buffer

    def verify_goldens(self) -> None:
        """Replay the recorded inputs and compare; a bundle without any is let through, with a warning in the log.

        Raises:
            GoldenMismatch: an output lies outside its tolerance; the message names the golden, output and distance.
        """
        recorded = self.manifest.golden
        if recorded is None or not recorded.goldens:
            _log.warning(
                "bundle %s has no goldens: whether this machine computes as the one that made it is not checked; "
                "convert the model again to record some",
                self.manifest.name,
            )
        for golden in recorded.goldens if recorded else ():
            self._verify(golden, recorded.tolerance if recorded else {})

    def close(self) -> None:
        """Free the model."""
        self._backend.close()

    def _hear(self, window: Window) -> Scores:
        feeder, spec = self._feeder, self.manifest.input
        if feeder is None or not isinstance(spec, SoundInput | SeriesInput):
            raise self._misfit("a recording")
        answers = [self._score(partial(feeder.write, one)) for one in feeder.inputs(window)]
        return joined(answers, spec.join)

    def _misfit(self, found: str) -> BadInputError:
        wanted = _TAKEN[self.manifest.input.kind]
        return BadInputError(
            f"wanted {wanted} for {self.manifest.name}, found {found}; give it the kind of input that it was made for"
        )

    def _score(self, fill: Callable[[npt.NDArray[Any]], None]) -> Scores:
        if self._manifest.task == "reconstruction" and self._head is None:
            return self._rebuilt(fill)
        real = self._real(self._backend.run(fill))
        return self._head.scores(real) if self._head is not None else _scores(self._manifest, real)

    def _rebuilt(self, fill: Callable[[npt.NDArray[Any]], None]) -> Scores:
        given: list[npt.NDArray[Any]] = []

        def fill_and_keep(buffer: npt.NDArray[Any]) -> None:
            fill(buffer)
            given.append(buffer.copy())

        real = self._real(self._backend.run(fill_and_keep))
        return _reconstruction(self._manifest, real, _dequantised(given[0], self._manifest.input.quantisation))

    def _real(self, raw: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float32]]:
        return {output.tensor: output.real(raw) for output in self._outputs}

    def _verify(self, golden: Golden, tolerance: dict[str, float]) -> None:
        scores = self.predict_tensor(_array(self._bundle, golden.input))
        for tensor, member in golden.outputs.items():
            wanted = _array(self._bundle, member)
            distance = float(np.max(np.abs(scores.outputs[tensor] - wanted), initial=0.0))
            if not distance <= tolerance.get(tensor, 0.0):
                found = f"{self._backend.runtime} {self._backend.version} ({self._backend.kernels})"
                raise GoldenMismatch(
                    f"wanted output {tensor!r} within {tolerance.get(tensor, 0.0):g} of {member} in bundle "
                    f"{self.manifest.name}, found {distance:g} with {found}; convert the model again for this board"
                )


def _pixel_writer(spec: ImageInput) -> Callable[[npt.NDArray[np.uint8], npt.NDArray[Any]], None]:
    try:
        from edge_runtime.preprocess import Preprocessor  # noqa: PLC0415 - a station without pictures needs no OpenCV
    except ImportError as error:
        raise MissingExtraError(
            f"wanted OpenCV to feed pictures to a model, found it missing ({error}); pip install 'lepton-edge[camera]'"
        ) from error
    return Preprocessor(spec).write


def _array(bundle: Bundle, member: str) -> npt.NDArray[Any]:
    return np.asarray(np.load(io.BytesIO(bundle.members[member]), allow_pickle=False))


def _stored(values: npt.NDArray[Any], spec: ModelInput) -> npt.NDArray[Any]:
    """Values in the model's own dtype, with the batch axis."""
    if values.size != int(np.prod(spec.shape)):
        raise BadInputError(f"wanted an input of shape {spec.shape}, found {values.shape}")
    dtype = np.dtype(spec.dtype)
    if values.dtype == dtype:
        return values.reshape(spec.shape)
    if values.dtype != np.float32 or spec.quantisation is None:
        raise BadInputError(f"wanted {dtype} or real float32 values, found {values.dtype}")
    limits = np.iinfo(dtype)
    stored = np.rint(values / np.float32(spec.quantisation.scale)) + spec.quantisation.zero_point
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype).reshape(spec.shape)


class _RealOutput:
    """One output in real units."""

    def __init__(self, spec: Output) -> None:
        self.tensor = spec.tensor
        self._shape = tuple(spec.shape)
        self._quantisation = spec.quantisation

    def real(self, raw: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        values = raw.get(self.tensor)
        if values is None:
            raise BadInputError(f"wanted an output {self.tensor!r} as the manifest says, found {', '.join(raw)}")
        if values.shape != self._shape:
            raise BadInputError(
                f"wanted an output {self.tensor!r} of shape {self._shape} as the manifest says, "
                f"found {values.shape}; convert the model again"
            )
        return _dequantised(values, self._quantisation)


def _dequantised(values: npt.NDArray[Any], quantisation: TensorQuantisation | None) -> npt.NDArray[np.float32]:
    if quantisation is None:
        return np.asarray(values, np.float32)
    real = np.subtract(values, np.float32(quantisation.zero_point), dtype=np.float32)
    return np.asarray(np.multiply(real, np.float32(quantisation.scale), out=real), np.float32)


def _scores(manifest: Manifest, real: dict[str, npt.NDArray[np.float32]]) -> Scores:
    """The judged output flattened, the heat map without its unit axes."""
    values: npt.NDArray[np.float32] | None = None
    heat_map: npt.NDArray[np.float32] | None = None
    for spec in manifest.outputs:
        if spec.role in {"score", "probabilities", "raw"} and (values is None or not values.size):
            values = real[spec.tensor].reshape(-1)
        elif spec.role == "logits":
            values = _softmax(real[spec.tensor].reshape(-1))
        elif spec.role == "heat-map":
            heat_map = real[spec.tensor].reshape(spec.shape[1:3])
    return Scores(np.empty(0, np.float32) if values is None else values, heat_map, real)


def _reconstruction(
    manifest: Manifest, real: dict[str, npt.NDArray[np.float32]], given: npt.NDArray[np.float32]
) -> Scores:
    """Mean squared error between the input and its reconstruction, in real units."""
    answer = next(real[spec.tensor] for spec in manifest.outputs if spec.role == "reconstruction")
    error = np.mean((given.reshape(-1) - answer.reshape(-1)) ** 2, dtype=np.float64)
    return Scores(np.asarray([error], np.float32), None, dict(real))


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    grown = np.exp(logits - logits.max())
    return np.asarray(grown / grown.sum(), np.float32)
