"""What a camera wrote beside its pixels: how the picture must be turned, and when it was taken.

Two tags of Exif 2.32 (CIPA DC-008) in a JPEG's APP1 segment, a PNG's eXIf chunk or a WebP's EXIF chunk, which hold a
TIFF structure (TIFF 6.0, section 2). Read here, not by a library: those that there are log what they miss and read
dozens of makers' notes to get at these two.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD_BYTES = 1 << 18
"""Tags stand before the pixels."""

_ORIENTATION, _CHANGED_AT, _EXIF_FOLDER, _TAKEN_AT, _DIGITISED_AT = 0x0112, 0x0132, 0x8769, 0x9003, 0x9004
_TURNED = frozenset({5, 6, 7, 8})
"""Orientations that swap width and height (4.6.5.1)."""
_TIME_FORM = "%Y:%m:%d %H:%M:%S"
_TIME_CHARACTERS = 19
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Exif:
    """What of it is used.

    is_turned: width and height change places when the picture is set upright.
    taken_at: when, in the camera's own time, to the second; None where it does not say.
    """

    is_turned: bool = False
    taken_at: datetime | None = None


def read_exif(path: Path) -> Exif:
    """Read a picture's tags; a file without any, or with damaged ones, says nothing.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        tags = dict(_tags(_tiff(head)))
    except (struct.error, ValueError):
        return Exif()  # the pixels may still be right; whoever reads those says what is wrong with them
    times = (tags.get(tag) for tag in (_TAKEN_AT, _DIGITISED_AT, _CHANGED_AT))
    taken_at = next((time for text in times if isinstance(text, bytes) and (time := _time(text))), None)
    return Exif(tags.get(_ORIENTATION) in _TURNED, taken_at)


def _tiff(head: bytes) -> bytes:
    """The TIFF structure in a file's first bytes; empty where there is none."""
    if head.startswith(b"\xff\xd8"):
        at = 2
        while head[at : at + 1] == b"\xff" and head[at + 1 : at + 2] != b"\xda":
            (size,) = struct.unpack_from(">H", head, at + 2)
            if head[at + 1] == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":  # noqa: PLR2004 - APP1
                return head[at + 10 : at + 2 + size]
            at += 2 + size
    for start, mark in ((b"\x89PNG", b"eXIf"), (b"RIFF", b"EXIF")):
        if head.startswith(start) and (at := head.find(mark)) > 0:
            return head[at + (4 if mark == b"eXIf" else 8) :].removeprefix(b"Exif\0\0")
    return b""


def _tags(tiff: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and texts of the first folder and of the one for Exif."""
    if not tiff:
        return
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        raise ValueError("no TIFF")
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    folders = [first]
    for at in folders:
        (entries,) = struct.unpack_from(f"{order}H", tiff, at)
        for place in range(min(entries, _MOST_ENTRIES)):
            tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, at + 2 + 12 * place)
            value = at + 2 + 12 * place + 8
            if tag == _EXIF_FOLDER and len(folders) == 1:
                folders.append(*struct.unpack_from(f"{order}I", tiff, value))
            elif kind == 3:  # noqa: PLR2004 - SHORT
                yield tag, struct.unpack_from(f"{order}H", tiff, value)[0]
            elif kind == 2 and count > _TIME_CHARACTERS:  # noqa: PLR2004 - ASCII
                (text,) = struct.unpack_from(f"{order}I", tiff, value)
                yield tag, tiff[text : text + _TIME_CHARACTERS]


def _time(text: bytes) -> datetime | None:
    try:
        return datetime.strptime(text.decode("ascii"), _TIME_FORM)  # noqa: DTZ007 - Exif's times have no zone
    except ValueError:
        return None  # a clock that was never set writes zeros or blanks
