"""Calibration data: a folder of pictures, sounds or arrays, or `random` for work on size and speed alone."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import SUFFIXES as PICTURES
from edge_runtime.capture.picture_file import read_picture
from edge_runtime.preprocess import Preprocessor

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from edge_contracts.manifest import ImageInput, TensorInput

GOOD_LABELS = frozenset({"good", "normal"})
"""Names of folders and labels that mean a good part."""

RANDOM = "random"
RANDOM_SAMPLES = 32
RANDOM_SEED = 20_240_501
MOST_SAMPLES = 100
"""More are thinned to so many."""

ARRAYS = frozenset({".npy", ".bin"})
SOUNDS = frozenset({".wav"})
PCM_16_BYTES = 2
PCM_16_FULL_SCALE = 32768.0

ADVISED_SAMPLES = 20
"""As many change int8 ranges by nothing that can be measured; fewer may."""

Kind = Literal["pictures", "arrays", "sounds", "random"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One input of the float model.

    values: the model's own input shape, float32, real units.
    name: where it came from.
    label: the name of its folder; empty at the top.
    pixels: H×W×3 uint8 RGB of a picture, None otherwise.
    """

    values: npt.NDArray[np.float32]
    name: str
    label: str = ""
    pixels: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A folder that was looked into, not yet read.

    kind: what its files are.
    files: at most `MOST_SAMPLES`, spread evenly over what was found.
    found: how many there were.
    """

    kind: Kind
    folder: Path
    files: tuple[Path, ...]
    found: int

    @property
    def sentence(self) -> str:
        """What the card says of the calibration."""
        if self.kind == RANDOM:
            return f"{RANDOM_SAMPLES} random inputs: good for size and speed, not for accuracy"
        used = "" if self.found == len(self.files) else f", {len(self.files)} of them used"
        kind = self.kind if self.found > 1 else self.kind.removesuffix("s")
        return f"{self.found} {kind} from {self.folder.name}{used}"


def find_calibration(source: str) -> Calibration:
    """Look into a calibration folder.

    Args:
        source: a folder, or `random`.

    Raises:
        BadInputError: nothing there, nothing usable, or several kinds of files at once.
    """
    if source == RANDOM:
        return Calibration("random", Path(), (), 0)
    folder = Path(source)
    if not folder.is_dir():
        raise BadInputError(f"wanted a calibration folder or 'random', found no folder at {folder}; check the path")
    by_kind: dict[Kind, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        kind = _kind(path)
        if kind and path.is_file():
            by_kind.setdefault(kind, []).append(path)
    if len(by_kind) != 1:
        found = ", ".join(f"{len(paths)} {kind}" for kind, paths in by_kind.items()) or "none of them"
        raise BadInputError(
            f"wanted pictures, .wav sounds or .npy/.bin arrays in {folder}, found {found}; keep one kind"
        )
    kind, paths = next(iter(by_kind.items()))
    return Calibration(kind, folder, tuple(_spread(paths, MOST_SAMPLES)), len(paths))


def read_samples(
    calibration: Calibration, spec: ImageInput | TensorInput, axes: tuple[int, ...] = ()
) -> Iterator[Sample]:
    """Each file as inputs of the float model; one file may hold several.

    Args:
        calibration: what `find_calibration` found.
        spec: the float model's input.
        axes: which axis of an array each axis of the input is, for a model that was lowered; empty where they agree.

    Raises:
        BadInputError: a file is damaged or does not fit the input.
    """
    if calibration.kind == "random":
        yield from _random(spec)
    for path in calibration.files:
        label = path.parent.name if path.parent != calibration.folder else ""
        yield from _read(calibration.kind, path, label, spec, axes)


def _kind(path: Path) -> Kind | None:
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return "pictures"
    if suffix in ARRAYS:
        return "arrays"
    return "sounds" if suffix in SOUNDS else None


def _spread(paths: list[Path], most: int) -> list[Path]:
    if len(paths) <= most:
        return paths
    return [paths[index * len(paths) // most] for index in range(most)]


def _read(
    kind: Kind, path: Path, label: str, spec: ImageInput | TensorInput, axes: tuple[int, ...]
) -> Iterator[Sample]:
    if kind == "pictures":
        if spec.kind != "image":
            raise BadInputError(f"wanted arrays of shape {spec.shape} for this model, found the picture {path}")
        yield picture_sample(read_picture(path), spec, path.name, label)
        return
    flat = _sound(path) if kind == "sounds" else _array(path)
    size = int(np.prod(spec.shape))
    if not flat.size or (kind == "arrays" and flat.size % size):
        raise BadInputError(
            f"wanted a whole number of inputs of shape {spec.shape} ({size} float32 values each) in {path}, "
            f"found {flat.size} values"
        )
    if kind == "sounds" and flat.size < size:
        flat = np.pad(flat, (0, size - flat.size))
    for index in range(flat.size // size):
        values = _placed(flat[index * size : (index + 1) * size], spec.shape, axes)
        yield Sample(values, f"{path.name}[{index}]", label)


def _placed(values: npt.NDArray[np.float32], shape: tuple[int, ...], axes: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if not axes:
        return values.reshape(shape)
    given = [shape[axes.index(axis)] for axis in range(len(axes))]
    return np.ascontiguousarray(values.reshape(given).transpose(axes))


def picture_sample(pixels: npt.NDArray[np.uint8], spec: ImageInput, name: str, label: str = "") -> Sample:
    """A picture as the float model gets it from the board's own preprocessing.

    A model that takes camera bytes directly keeps them: its `values` are real values of those bytes.
    """
    stored: npt.NDArray[Any] = np.empty(spec.shape, np.dtype(spec.dtype))
    Preprocessor(spec).write(pixels, stored)
    values = stored.astype(np.float32)
    if spec.quantisation is not None:
        values = (values - np.float32(spec.quantisation.zero_point)) * np.float32(spec.quantisation.scale)
    return Sample(np.asarray(values, np.float32), name, label, pixels)


def _random(spec: ImageInput | TensorInput) -> Iterator[Sample]:
    rng = np.random.default_rng(RANDOM_SEED)
    for index in range(RANDOM_SAMPLES):
        if spec.kind == "image":
            pixels = rng.integers(0, 256, (spec.height_px, spec.width_px, 3), np.uint8)
            yield picture_sample(pixels, spec, f"random {index}")
        else:
            yield Sample(rng.standard_normal(spec.shape, np.float32), f"random {index}")


def _array(path: Path) -> npt.NDArray[np.float32]:
    try:
        values = np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.fromfile(path, np.float32)
    except (OSError, ValueError, EOFError) as error:
        raise BadInputError(f"wanted a numpy array or raw float32 values, found {path}: {error}") from error
    if not isinstance(values, np.ndarray) or values.dtype != np.float32:
        found = getattr(values, "dtype", type(values).__name__)
        raise BadInputError(f"wanted float32 values, the model's input type, found {found} in {path}")
    if not np.isfinite(values).all():
        raise BadInputError(f"wanted finite values, found NaN or infinity in {path}; remove the file")
    return values.reshape(-1)


def _sound(path: Path) -> npt.NDArray[np.float32]:
    """Mono float32, -1 to 1, at the file's own rate."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width = file.getnchannels(), file.getsampwidth()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise BadInputError(f"wanted a PCM .wav file, found {path}: {error}") from error
    if width != PCM_16_BYTES:
        raise BadInputError(f"wanted 16-bit samples, found {8 * width}-bit in {path}; save it as 16-bit PCM")
    samples = np.frombuffer(content, "<i2").reshape(-1, channels).astype(np.float32).mean(axis=1)
    return np.asarray(samples / np.float32(PCM_16_FULL_SCALE), np.float32)
