"""Width and height of a picture file as it is seen, from its header; nothing is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_header import picture_size
from training.dataset.exif import read_exif

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 1 << 18
"""A JPEG's frame header stands behind its tags, a thumbnail among them, of up to 64 KiB each."""


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels after the picture is turned as its EXIF orientation says.

    Raises:
        BadInputError: no picture, or one that is cut off.
    """
    try:
        with path.open("rb") as file:
            size = picture_size(file.read(_HEAD_BYTES))
    except OSError as error:
        raise BadInputError(f"wanted a picture, found that {path} cannot be read ({error.strerror})") from error
    if size is None:
        raise BadInputError(f"wanted a picture, found {path} which is none; take or copy it again")
    width_px, height_px = size
    return (height_px, width_px) if read_exif(path).is_turned else (width_px, height_px)
