"""Calibration data: a folder of pictures, sounds or arrays, arrays in memory, or `random` for size and speed alone.

A folder of pictures may be pictures as a station recorded them. Pictures from a camera are far larger than what a
network sees of them, so only some are held in memory; the others are read again whenever they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from converters.calibration.array_file import read_array, require_shape
from converters.calibration.foreign_files import refuse_foreign
from converters.calibration.heard import heard
from converters.calibration.recorded_frames import is_overlay, is_recorded, read_judged
from converters.calibration.sound_file import read_sound, require_one_rate, require_waveform, windows
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SeriesInput, SoundInput
from edge_runtime.capture.picture_file import SUFFIXES as PICTURES
from edge_runtime.preprocess import Preprocessor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import ImageInput, ModelInput

GOOD_LABELS = frozenset({"good", "normal"})
"""Names of folders and labels that mean a good part."""

RANDOM = "random"
RANDOM_SAMPLES = 32
RANDOM_SEED = 20_240_501
MOST_SAMPLES = 100
"""More are thinned to so many."""

PIXELS_HELD_BYTES = 64 << 20
"""Pictures of a folder are held in memory up to so many bytes together."""

ARRAYS = frozenset({".npy", ".bin"})
SOUNDS = frozenset({".wav"})
PICTURE_RANK = 3
PICTURE_CHANNELS = 3

ADVISED_SAMPLES = 20
"""As many change int8 ranges by nothing that can be measured; fewer may."""

Kind = Literal["pictures", "arrays", "sounds", "random"]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sample:
    """One input of the float model.

    values: the model's own input shape, float32, real units.
    name: where it came from.
    label: the name of its folder; empty at the top.
    picture: reads its picture, None where it is none.
    size_px: height and width of that picture.
    """

    values: npt.NDArray[np.float32]
    name: str
    label: str = ""
    picture: Callable[[], npt.NDArray[np.uint8]] | None = None
    size_px: tuple[int, int] | None = None

    @property
    def pixels(self) -> npt.NDArray[np.uint8] | None:
        """H×W×3 uint8 RGB of a picture, read again if it is not held in memory; None otherwise."""
        return None if self.picture is None else self.picture()

    @property
    def is_picture(self) -> bool:
        """Whether it has pixels; nothing is read."""
        return self.picture is not None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Data that were looked at, not yet read.

    kind: what they are.
    files: at most `MOST_SAMPLES`, spread evenly over what was found.
    found: how many there were.
    given: arrays in memory, in place of files; pictures are H×W×3 uint8 RGB.
    """

    kind: Kind
    folder: Path
    files: tuple[Path, ...]
    found: int
    given: tuple[npt.NDArray[Any], ...] = ()

    @property
    def sounds(self) -> int | None:
        """Sounds that were given, of which each becomes several inputs that are much alike; None for other kinds."""
        return len(self.files) if self.kind == "sounds" else None

    @property
    def sentence(self) -> str:
        """What the card says of the calibration."""
        if self.kind == RANDOM:
            return f"{RANDOM_SAMPLES} random inputs: good for size and speed, not for accuracy"
        used = len(self.files) + len(self.given)
        thinned = "" if self.found == used else f", {used} of them used"
        kind = self.kind if self.found > 1 else self.kind.removesuffix("s")
        return f"{self.found} {kind} from {'memory' if self.given else self.folder.name}{thinned}"


def find_calibration(source: str | Path | Sequence[npt.NDArray[Any]]) -> Calibration:
    """Look at calibration data.

    Args:
        source: a folder, or `random`, or arrays: pictures (H×W×3 uint8 RGB), or whole inputs (float32), in a list or
            stacked along a first axis.

    Raises:
        BadInputError: nothing there, nothing usable, or several kinds of data at once.
    """
    if not isinstance(source, (str, Path)):
        return _given(source)
    if source == RANDOM:
        return Calibration("random", Path(), (), 0)
    folder = Path(source)
    if not folder.is_dir():
        raise BadInputError(f"wanted a calibration folder or 'random', found no folder at {folder}; check the path")
    by_kind: dict[Kind, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        kind = _kind(path)
        if kind and path.is_file() and not is_overlay(path):
            by_kind.setdefault(kind, []).append(path)
    refuse_foreign(folder, set(by_kind))
    if len(by_kind) != 1:
        found = ", ".join(f"{len(paths)} {kind}" for kind, paths in by_kind.items())
        raise BadInputError(
            f"wanted pictures, .wav sounds or .npy/.bin arrays in {folder}, found {found}; keep one kind"
        )
    kind, paths = next(iter(by_kind.items()))
    return Calibration(kind, folder, tuple(_spread(paths, MOST_SAMPLES)), len(paths))


def _given(arrays: Any) -> Calibration:
    if not isinstance(arrays, Iterable):
        raise BadInputError(
            f"wanted a folder, arrays or 'random' to calibrate with, found {type(arrays).__name__}; give a folder of "
            "inputs like the line's"
        )
    found = list(arrays)
    kinds = {_kind_of_array(array) for array in found}
    if len(kinds) != 1:
        what = ", ".join(sorted(kinds)) or "none"
        raise BadInputError(f"wanted arrays of one kind to calibrate with, found {what}; give pictures or inputs")
    return Calibration(kinds.pop(), Path(), (), len(found), tuple(_spread(found, MOST_SAMPLES)))


def _kind_of_array(array: Any) -> Kind:
    if not isinstance(array, np.ndarray):
        raise BadInputError(f"wanted numpy arrays to calibrate with, found {type(array).__name__}")
    if array.dtype == np.uint8 and array.ndim == PICTURE_RANK and array.shape[2] == PICTURE_CHANNELS:
        return "pictures"
    if array.dtype == np.float32:
        return "arrays"
    raise BadInputError(
        f"wanted pictures (H×W×3 uint8 RGB) or inputs in float32, found {array.dtype} of shape {array.shape}; "
        "give them in one of both forms"
    )


def read_samples(
    calibration: Calibration,
    spec: ModelInput,
    axes: tuple[int, ...] = (),
    progress: Callable[[float], None] = lambda _done: None,
) -> Iterator[Sample]:
    """Each file or array as inputs of the float model; one file may hold several.

    Args:
        calibration: what `find_calibration` found.
        spec: the float model's input.
        axes: which axis of an array each axis of the input is, for a model that was lowered; empty where they agree.
        progress: told the fraction of the files that was read.

    Raises:
        BadInputError: a file or an array is damaged or does not fit the input.
    """
    if calibration.kind == "random":
        yield from _random(spec)
    for place, array in enumerate(calibration.given):
        yield from _from_memory(calibration.kind, array, place, spec, axes)
        progress((place + 1) / len(calibration.given))
    held_bytes, rates_hz = 0, []
    for place, path in enumerate(calibration.files):
        label = path.parent.name if path.parent != calibration.folder and not is_recorded(path) else ""
        if calibration.kind == "pictures":
            pixels = read_judged(path)
            held_bytes += pixels.nbytes
            again = None if held_bytes <= PIXELS_HELD_BYTES else partial(read_judged, path)
            yield picture_sample(pixels, _of_pictures(spec, path), path.name, label, again)
        elif calibration.kind == "sounds" and isinstance(spec, SoundInput | SeriesInput):
            for values, name in heard(path, spec):
                yield Sample(values, name, label)
        elif calibration.kind == "sounds":
            sound = read_sound(path)
            rates_hz.append(sound.rate_hz)
            require_one_rate(rates_hz, [file.name for file in calibration.files[: place + 1]])
            require_waveform(spec, sound.rate_hz, path)
            yield from _cut(windows(sound, int(np.prod(spec.shape))), path.name, label, spec, axes)
        else:
            yield from _cut(read_array(path, int(np.prod(spec.shape))), path.name, label, spec, axes)
        progress((place + 1) / len(calibration.files))


def _kind(path: Path) -> Kind | None:
    suffix = path.suffix.lower()
    if suffix in PICTURES:
        return "pictures"
    if suffix in ARRAYS:
        return "arrays"
    return "sounds" if suffix in SOUNDS else None


def _spread(found: list[Item], most: int) -> list[Item]:
    if len(found) <= most:
        return found
    return [found[index * len(found) // most] for index in range(most)]


def _of_pictures(spec: ModelInput, where: object) -> ImageInput:
    if spec.kind in {"sound", "series"}:
        raise BadInputError(
            f"wanted recordings (.wav) for this model, found the picture {where}; give a folder of them"
        )
    if spec.kind != "image":
        raise BadInputError(f"wanted arrays of shape {spec.shape} for this model, found the picture {where}")
    return spec


def _from_memory(
    kind: Kind, array: npt.NDArray[Any], place: int, spec: ModelInput, axes: tuple[int, ...]
) -> Iterator[Sample]:
    name = f"array {place}"
    if kind == "pictures":
        yield picture_sample(array, _of_pictures(spec, name), name)
        return
    if not np.isfinite(array).all():
        raise BadInputError(f"wanted finite values, found NaN or infinity in {name}; leave it out")
    yield from _cut(array, name, "", spec, axes)


def _cut(
    given: npt.NDArray[np.float32], name: str, label: str, spec: ModelInput, axes: tuple[int, ...]
) -> Iterator[Sample]:
    """As many inputs as lie one after the other, in the axes of the user's own model."""
    shape, size = _given_shape(spec.shape, axes), int(np.prod(spec.shape))
    require_shape(given, shape, name)
    flat = given.reshape(-1)
    for index in range(flat.size // size):
        values = flat[index * size : (index + 1) * size].reshape(shape)
        yield Sample(np.ascontiguousarray(values.transpose(axes)) if axes else values, f"{name}[{index}]", label)


def _given_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The input's shape before the model was lowered."""
    return tuple(shape[axes.index(axis)] for axis in range(len(axes))) if axes else shape


def picture_sample(
    pixels: npt.NDArray[np.uint8],
    spec: ImageInput,
    name: str,
    label: str = "",
    again: Callable[[], npt.NDArray[np.uint8]] | None = None,
) -> Sample:
    """A picture as the float model gets it from the board's own preprocessing.

    A model that takes camera bytes directly keeps them: its `values` are real values of those bytes. With `again`,
    which reads the same picture once more, the pixels are not held.
    """
    stored: npt.NDArray[Any] = np.empty(spec.shape, np.dtype(spec.dtype))
    Preprocessor(spec).write(pixels, stored)
    values = stored.astype(np.float32)
    if spec.quantisation is not None:
        values = (values - np.float32(spec.quantisation.zero_point)) * np.float32(spec.quantisation.scale)
    return Sample(np.asarray(values, np.float32), name, label, again or (lambda: pixels), pixels.shape[:2])


def _random(spec: ModelInput) -> Iterator[Sample]:
    rng = np.random.default_rng(RANDOM_SEED)
    for index in range(RANDOM_SAMPLES):
        if spec.kind == "image":
            pixels = rng.integers(0, 256, (spec.height_px, spec.width_px, 3), np.uint8)
            yield picture_sample(pixels, spec, f"random {index}")
        else:
            yield Sample(rng.standard_normal(spec.shape, np.float32), f"random {index}")
