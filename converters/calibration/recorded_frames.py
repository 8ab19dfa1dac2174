"""Pictures that a station kept behind its alerts, as calibration data.

The folder of evidence holds every picture twice where the model draws heat maps; the drawn ones are no data. A kept
picture is the camera's whole frame, and the model saw a region of it. Which is which, the files say themselves
(`edge_contracts.recorded_frame`); any other picture is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_runtime.capture.picture_file import read_picture
from edge_runtime.inspection.region import cut

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.recorded_frame import RecordedFrame
    from edge_contracts.station import Region

_JPEG_SUFFIXES = frozenset({".jpg", ".jpeg"})


def is_recorded(path: Path) -> bool:
    """Whether a station kept this picture; its folder is then a part of its name and no label."""
    return _note(path) is not None


def is_overlay(path: Path) -> bool:
    """Whether it is a kept picture with something drawn over it."""
    note = _note(path)
    if note is None:
        return False
    from edge_contracts.alert import EvidenceKind  # noqa: PLC0415 - see below

    return note.kind is not EvidenceKind.IMAGE


def read_judged(path: Path) -> npt.NDArray[np.uint8]:
    """A picture as a model judged it: H×W×3 uint8 RGB, a kept one cut to its region.

    Raises:
        PictureRejected: it cannot be read.
    """
    pixels, region = read_picture(path), seen_region(path)
    return pixels if region is None else np.ascontiguousarray(cut(pixels, region))


def seen_region(path: Path) -> Region | None:
    """What of a kept picture its model saw; None for any other picture, which is taken as it is."""
    note = _note(path)
    return None if note is None else note.region


def _note(path: Path) -> RecordedFrame | None:
    if path.suffix.lower() not in _JPEG_SUFFIXES:
        return None
    from edge_contracts.recorded_frame import HEAD_BYTES, note_in  # noqa: PLC0415 - a whole station's form, .04 s

    try:
        with path.open("rb") as file:
            return note_in(file.read(HEAD_BYTES))
    except OSError:
        return None  # reading the picture itself says what is wrong
