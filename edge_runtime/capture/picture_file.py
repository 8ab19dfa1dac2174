"""One picture file to pixels, or a sentence why not; nothing is decoded before its size is known to be sane."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from edge_contracts.errors import BadInputError, MissingExtraError
from edge_runtime.capture.jpeg_data import damage_of
from edge_runtime.capture.jpeg_tail import ran_out
from edge_runtime.capture.picture_header import is_cut_off, picture_size

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import numpy.typing as npt

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm", ".pgm"})
"""File name endings that are read."""

FOREIGN_SUFFIXES = frozenset({".tif", ".tiff", ".gif", ".heic", ".heif", ".avif", ".jp2", ".svg", ".raw", ".dng"})
"""Pictures that are not read: each is named as a bad picture, never passed over."""

_JPEG_START = b"\xff\xd8"
_WANTED = "a PNG, JPEG, BMP, PNM or WebP picture"


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture may be before it is read at all.

    pixels: width × height; 50 million is beyond every industrial camera that a board of ours can serve.
    """

    file_bytes: int = 256 << 20
    pixels: int = 50_000_000


class PictureRejected(BadInputError):
    """A file is no picture, is damaged, or is larger than the limits."""


def read_picture(path: Path, limits: PictureLimits | None = None) -> npt.NDArray[np.uint8]:
    """Read a picture file as H×W×3 uint8 RGB, 0–255, turned upright as its EXIF orientation says.

    Raises:
        PictureRejected: with what was wanted and found.
        MissingExtraError: OpenCV is not installed.
    """
    limits = limits or PictureLimits()
    return decode_picture(_read(path, limits), path.name, limits)


def read_content(file: BinaryIO, name: str, limits: PictureLimits | None = None) -> bytes:
    """All bytes of an open file that may be a picture's.

    Raises:
        PictureRejected: it is empty or too large.
        OSError: it cannot be read.
    """
    limits = limits or PictureLimits()
    found_bytes = os.fstat(file.fileno()).st_size
    if not 0 < found_bytes <= limits.file_bytes:
        raise PictureRejected(
            f"wanted {_WANTED} of 1 to {limits.file_bytes:,} bytes, found {name} of {found_bytes:,} bytes"
        )
    return file.read()


def decode_picture(content: bytes, name: str, limits: PictureLimits | None = None) -> npt.NDArray[np.uint8]:
    """The same for a picture that came otherwise, as in an upload.

    Args:
        content: the bytes of a picture file.
        name: for the messages.
        limits: how large it may be.

    Raises:
        PictureRejected: with what was wanted and found.
        MissingExtraError: OpenCV is not installed.
    """
    limits = limits or PictureLimits()
    size = picture_size(content)
    if size is None:
        raise PictureRejected(f"wanted {_WANTED}, found {name} which is none; take or copy it again")
    width_px, height_px = size
    if not 0 < width_px * height_px <= limits.pixels:
        raise PictureRejected(
            f"wanted a picture of at most {limits.pixels:,} pixels, found {name} of {width_px}×{height_px}; "
            "reduce it first"
        )
    if is_cut_off(content):
        raise PictureRejected(f"wanted a whole picture, found {name} cut off before its end; copy it again")
    if content.startswith(_JPEG_START) and (damage := damage_of(content)) is not None:
        raise PictureRejected(f"wanted a whole picture, found {name} damaged: {damage}; copy or take it again")
    return _decode(content, name)


def unreadable(name: str, error: OSError) -> PictureRejected:
    """What is said of a file that the system does not let us read."""
    return PictureRejected(f"wanted {_WANTED}, found that {name} cannot be read ({error.strerror})")


def load_opencv() -> ModuleType:
    """OpenCV, loaded when the first picture needs it.

    Raises:
        MissingExtraError: it is not installed; the message names the extra.
    """
    try:
        import cv2  # noqa: PLC0415 - a station without pictures needs no OpenCV
    except ImportError as error:
        raise MissingExtraError(
            f"wanted OpenCV to read pictures, found it missing ({error}); pip install 'lepton-edge[camera]'"
        ) from error
    return cv2


def _read(path: Path, limits: PictureLimits) -> bytes:
    try:
        with path.open("rb") as file:
            return read_content(file, path.name, limits)
    except OSError as error:
        raise unreadable(path.name, error) from error


def _decode(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    cv2 = load_opencv()
    pixels = _decoded(content, name)
    if content.startswith(_JPEG_START) and ran_out(content, pixels, lambda other: _decoded(other, name)):
        raise PictureRejected(
            f"wanted a whole picture, found {name} damaged: bytes of it are missing; copy or take it again"
        )
    return cast("npt.NDArray[np.uint8]", cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels))


def _decoded(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """H×W×3 uint8 BGR."""
    cv2 = load_opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureRejected(f"wanted {_WANTED}, found {name} which OpenCV refuses ({error.err})") from error
    if pixels is None:
        raise PictureRejected(f"wanted {_WANTED}, found {name} damaged: its content cannot be decoded")
    return cast("npt.NDArray[np.uint8]", pixels)
