"""When a sample was taken: as its EXIF tags say, else as its name does, else nobody knows."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from training.dataset.exif import read_exif
from training.dataset.listing import medium_of

if TYPE_CHECKING:
    from pathlib import Path

_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_.T ]?(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?")
"""2024-05-01_12-30-59, 20240501T123059.250, IMG_20240501_1230; a date alone is no time."""


def taken_at(path: Path) -> datetime | None:
    """The time in the camera's or the file's own zone, to the second or minute; None where nothing tells it.

    The file's own date is not asked: it is that of the copy.

    Raises:
        OSError: a picture cannot be read.
    """
    told = read_exif(path).taken_at if medium_of(path) == "picture" else None
    return told or _in_name(path.name)


def _in_name(name: str) -> datetime | None:
    return next((time for found in _IN_NAME.finditer(name) if (time := _time(found))), None)


def _time(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - as told
    except ValueError:
        return None  # another number that looks like a time
