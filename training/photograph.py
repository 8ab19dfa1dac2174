"""One picture file as pixels: upright, eight bits, three channels, or a clear refusal.

Grey becomes RGB, an alpha channel is dropped, 16 bits become 8, EXIF rotation is applied. Nothing is decoded before its
header has said how large it is, and a file that was cut short is refused: OpenCV would paint the missing part grey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from training.picture_header import read_header

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
LARGEST_FILE_BYTES = 256 << 20
LARGEST_PIXELS = 100_000_000
SMALLEST_SIDE_PX = 16
SIXTEEN_TO_EIGHT_BITS = 257
# Full scale of 12 bits: a 16-bit file that never goes above it holds a sensor's raw values and would read as black.
TWELVE_BITS = 4095


def read_photograph(path: Path) -> npt.NDArray[np.uint8]:
    """Return H×W×3 uint8 RGB, 0-255.

    Raises:
        BadInputError: not there, empty, cut short, no picture, too large or too small, or of a depth that cannot be
            understood; the message names the file.
    """
    content = _read_file(path)
    size = read_header(content, str(path))
    if size is not None:
        _check_size(path, *size)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise BadInputError(f"wanted a picture, found that OpenCV cannot decode {path}: {error}; remove it") from error
    if picture is None:
        raise BadInputError(f"wanted a picture, found {path} damaged or of an unknown kind; remove or replace it")
    _check_size(path, picture.shape[0], picture.shape[1])
    return np.ascontiguousarray(_eight_bits(path, np.asarray(picture))[..., ::-1])


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 0 < size <= LARGEST_FILE_BYTES:
            raise BadInputError(
                f"wanted a picture of 1 to {LARGEST_FILE_BYTES} bytes, found {size} in {path}; remove or shrink it"
            )
        return path.read_bytes()
    except OSError as error:
        raise BadInputError(f"wanted to read {path}, found: {error.strerror or error}; check the path") from error


def _check_size(path: Path, height: int, width: int) -> None:
    if min(height, width) < SMALLEST_SIDE_PX or height * width > LARGEST_PIXELS:
        raise BadInputError(
            f"wanted a picture of {SMALLEST_SIDE_PX}×{SMALLEST_SIDE_PX} or more and at most {LARGEST_PIXELS} pixels, "
            f"found {width}×{height} in {path}; resize or remove it"
        )


def _eight_bits(path: Path, picture: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    if picture.dtype == np.uint8:
        return np.asarray(picture, np.uint8)
    if picture.dtype != np.uint16:
        raise BadInputError(f"wanted 8 or 16 bits per channel, found {picture.dtype} in {path}; save it as 8-bit PNG")
    deep = np.asarray(picture, np.uint16)
    if deep.max() <= TWELVE_BITS:
        raise BadInputError(
            f"wanted a 16-bit picture that uses its range, found none above {deep.max()} of 65535 in {path}; "
            "it seems to hold raw 10- or 12-bit values: save it as 8-bit PNG"
        )
    return np.asarray((deep + np.uint32(SIXTEEN_TO_EIGHT_BITS // 2)) // SIXTEEN_TO_EIGHT_BITS, np.uint8)
