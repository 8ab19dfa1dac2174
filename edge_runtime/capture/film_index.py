"""Whether an MP4 or MOV has its index; one whose recording or copying broke off has none, and nobody can play it.

Such a file is a row of boxes, each with its length before it (ISO/IEC 14496-12, 4.2); the index is the box `moov`,
which most recorders write last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_FIRST: Final = b"ftyp"
_INDEX: Final = b"moov"
_HEAD_BYTES: Final = 8
_LONG: Final = 1
"""A length that stands in the next eight bytes."""
_BOXES_MAX: Final = 10_000


def lacks_index(path: Path) -> bool:
    """True only for an MP4 or MOV without one; of any other file, and one that cannot be read, nothing is said."""
    try:
        with path.open("rb") as file:
            return _has_no_index(file)
    except (OSError, OverflowError):
        return False


def _has_no_index(file: BinaryIO) -> bool:
    at = 0
    for _ in range(_BOXES_MAX):
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        if at == 0 and head[4:] != _FIRST:
            return False
        if len(head) < _HEAD_BYTES:
            return True
        if head[4:] == _INDEX:
            return False
        length = int.from_bytes(head[:4], "big")
        if length == _LONG:
            length = int.from_bytes(file.read(8), "big")
        if length < _HEAD_BYTES:
            return length == 0
        at += length
    return False
