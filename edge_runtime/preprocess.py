"""From a camera's bytes to the model's own input buffer, by the manifest's rules and no others. Pure.

Whatever the manifest says of mean, deviation and quantisation becomes one table of 256 entries per channel, because a
camera knows only 256 values. The common table (int8 = byte − 128) is a single exclusive-or into the model's memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.blue_first import as_stored

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import ImageInput

_LEVELS = 256
_SIGN_BIT = 0x80
# These two give the same bytes in OpenCV 4 and 5; its nearest-neighbour methods do not, so that one is our own.
_CV_METHODS = {"bilinear": cv2.INTER_LINEAR_EXACT, "area": cv2.INTER_AREA}
_CV_DTYPES = tuple(np.dtype(name) for name in ("uint8", "int8", "int16", "float32"))
_RED_FIRST = {"bgr": cv2.COLOR_RGB2BGR, "grey": cv2.COLOR_RGB2GRAY}
_BLUE_FIRST = {"rgb": cv2.COLOR_BGR2RGB, "grey": cv2.COLOR_BGR2GRAY}
"""From how a picture lies in memory to what the model wants, where these differ."""


class Preprocessor:
    """Feeds pictures to one model.

    Example:
        >>> preprocessor = Preprocessor(manifest.input)
        >>> preprocessor.write(frame.pixels, buffer)

    Args:
        spec: the manifest's image input.
    """

    def __init__(self, spec: ImageInput) -> None:
        self._spec = spec
        self._table = byte_table(spec)
        self._is_sign_flip, self._is_identity = _is_sign_flip(self._table), _is_identity(self._table)
        self._lookup = _lookup(self._table)
        self._filters: dict[tuple[int, int], npt.NDArray[np.float32]] = {}

    def write(self, pixels: npt.NDArray[np.uint8], out: npt.NDArray[Any]) -> None:
        """Write one picture into the model's input.

        Args:
            pixels: H×W×3 uint8 RGB, 0–255; a view of a larger picture is fine.
            out: the input tensor, `spec.shape` of `spec.dtype`; every element is overwritten.

        Raises:
            BadInputError: the picture is not H×W×3 uint8, or `out` has another shape or dtype.
        """
        spec = self._spec
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:  # noqa: PLR2004
            raise BadInputError(f"wanted H×W×3 uint8 RGB pixels, found {pixels.shape} of {pixels.dtype}")
        if out.shape != spec.shape or out.dtype != np.dtype(spec.dtype):
            raise BadInputError(f"wanted a buffer {spec.shape} of {spec.dtype}, found {out.shape} of {out.dtype}")
        stored, is_blue_first = self._stored(pixels)
        picture = self._in_colour(self._resized(stored), is_blue_first=is_blue_first)
        target = out[0] if spec.layout == "NHWC" else np.moveaxis(out[0], 0, -1)
        self._translate(picture, target)

    def _stored(self, pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], bool]:
        """Sums of float32 are made red first, so that a pixel's bytes do not depend on where they lay."""
        if self._spec.resize == "bilinear-antialias":
            return np.ascontiguousarray(pixels), False
        return as_stored(pixels)

    def _resized(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        height, width = self._spec.height_px, self._spec.width_px
        if pixels.shape[:2] == (height, width):
            return pixels
        if self._spec.resize == "nearest":
            return pixels[_nearest(pixels.shape[0], height)[:, None], _nearest(pixels.shape[1], width)]
        if self._spec.resize == "bilinear-antialias":
            return self._antialiased(pixels, height, width)
        resized = cv2.resize(pixels, (width, height), interpolation=_CV_METHODS[self._spec.resize])
        return np.asarray(resized, np.uint8)

    def _antialiased(self, pixels: npt.NDArray[np.uint8], height: int, width: int) -> npt.NDArray[np.uint8]:
        rows, columns = self._filter(pixels.shape[0], height), self._filter(pixels.shape[1], width)
        narrow = np.einsum("wx,hxc->hwc", columns, pixels.astype(np.float32), optimize=True)
        small = np.einsum("hy,ywc->hwc", rows, narrow, optimize=True)
        return np.asarray(np.clip(np.rint(small), 0, _LEVELS - 1), np.uint8)

    def _filter(self, source: int, target: int) -> npt.NDArray[np.float32]:
        if (source, target) not in self._filters:
            self._filters[source, target] = triangle_filter(source, target)
        return self._filters[source, target]

    def _in_colour(self, picture: npt.NDArray[np.uint8], *, is_blue_first: bool) -> npt.NDArray[np.uint8]:
        conversion = (_BLUE_FIRST if is_blue_first else _RED_FIRST).get(self._spec.colour)
        if conversion is None:
            return picture
        converted = np.asarray(cv2.cvtColor(picture, conversion), np.uint8)
        return converted.reshape(*picture.shape[:2], self._spec.channels)

    def _translate(self, picture: npt.NDArray[np.uint8], target: npt.NDArray[Any]) -> None:
        if self._is_sign_flip:
            np.bitwise_xor(picture, _SIGN_BIT, out=target.view(np.uint8))
            return
        if self._is_identity:
            np.copyto(target, picture)
            return
        if self._lookup is not None:
            self._look_up(picture, self._lookup, target)
            return
        for channel, table in enumerate(self._table):
            target[..., channel] = table[picture[..., channel]]

    def _look_up(self, picture: npt.NDArray[np.uint8], lookup: npt.NDArray[Any], target: npt.NDArray[Any]) -> None:
        """The table applied by OpenCV, straight into the model's memory where its axes lie as the picture's do."""
        if self._spec.layout == "NHWC":
            cv2.LUT(picture, lookup, dst=target)
        else:
            np.copyto(target, cv2.LUT(picture, lookup).reshape(target.shape))


def prepare(pixels: npt.NDArray[np.uint8], spec: ImageInput) -> npt.NDArray[Any]:
    """One picture as a new input tensor; `Preprocessor.write` is the same without the allocation.

    Args:
        pixels: H×W×3 uint8 RGB, 0–255.
        spec: the manifest's image input.

    Returns:
        `spec.shape` of `spec.dtype`.
    """
    out = np.empty(spec.shape, np.dtype(spec.dtype))
    Preprocessor(spec).write(pixels, out)
    return out


def byte_table(spec: ImageInput) -> npt.NDArray[Any]:
    """What each camera byte becomes, per channel: shape (channels, 256), `spec.dtype`."""
    levels = np.arange(_LEVELS, dtype=np.float64)
    mean = np.broadcast_to(np.asarray(spec.mean, np.float64), (spec.channels,))
    std = np.broadcast_to(np.asarray(spec.std, np.float64), (spec.channels,))
    real = (levels[None, :] - mean[:, None]) / std[:, None]
    dtype = np.dtype(spec.dtype)
    if spec.quantisation is None:
        return np.asarray(real, dtype)
    limits = np.iinfo(dtype)
    stored = np.rint(real / spec.quantisation.scale) + spec.quantisation.zero_point
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype)


def triangle_filter(source: int, target: int) -> npt.NDArray[np.float32]:
    """Weights of a resize with a triangle filter that widens with the reduction; target × source, rows sum to 1.

    The same rule as Pillow's BILINEAR and torchvision's antialias=True: support = max(source / target, 1).
    """
    ratio = source / target
    support = max(ratio, 1.0)
    centres = (np.arange(target, dtype=np.float64) + 0.5) * ratio
    distance = np.abs(np.arange(source, dtype=np.float64)[None, :] + 0.5 - centres[:, None]) / support
    weights = np.clip(1.0 - distance, 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _nearest(source: int, target: int) -> npt.NDArray[np.intp]:
    """The source index under the centre of each target pixel."""
    return (2 * np.arange(target, dtype=np.intp) + 1) * source // (2 * target)


def _lookup(table: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The table as OpenCV takes it, 1×256 or 1×256×channels; None for a dtype that it has no pictures of."""
    if table.dtype not in _CV_DTYPES:
        return None
    if (table == table[0]).all():
        return table[:1]
    return np.ascontiguousarray(table.T[None])


def _is_sign_flip(table: npt.NDArray[Any]) -> bool:
    return table.dtype == np.int8 and bool((table == np.arange(-128, 128, dtype=np.int8)).all())


def _is_identity(table: npt.NDArray[Any]) -> bool:
    return table.dtype == np.uint8 and bool((table == np.arange(_LEVELS, dtype=np.uint8)).all())
