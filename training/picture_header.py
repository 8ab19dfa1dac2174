"""What a picture file says of its size, and whether it is whole, before anything is decoded.

PNG: W3C Portable Network Graphics, 11.2.2 (IHDR) and 11.2.5 (IEND). JPEG: ITU-T T.81, B.1.1.3 (markers) and B.2.2
(frame header). BMP: Microsoft BITMAPINFOHEADER.
"""

from __future__ import annotations

import struct

from edge_contracts.errors import BadInputError

_PNG = b"\x89PNG\r\n\x1a\n"
# The last chunk is the same in every file: its type and its checksum.
_PNG_END = b"IEND\xaeB`\x82"
_JPEG = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = 0xDA
_JPEG_FILL = 0xFF
# SOF0 to SOF15 without DHT, JPG and DAC, which share the range.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone: TEM, RST0 to RST7, SOI.
_JPEG_ALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_BMP = b"BM"


def read_header(content: bytes, name: str) -> tuple[int, int] | None:
    """Return (height, width) in pixels as stored, before EXIF rotation; None for kinds that are not looked into.

    Raises:
        BadInputError: the file is cut short or its header makes no sense; `name` is what the message calls it.
    """
    try:
        if content.startswith(_PNG):
            return _png(content, name)
        if content.startswith(_JPEG):
            return _jpeg(content, name)
        if content.startswith(_BMP):
            return _bmp(content, name)
    except (struct.error, IndexError) as error:
        raise _cut_short(name) from error
    return None


def _png(content: bytes, name: str) -> tuple[int, int]:
    if _PNG_END not in content:
        raise _cut_short(name)
    width, height = struct.unpack_from(">II", content, 16)
    return height, width


def _jpeg(content: bytes, name: str) -> tuple[int, int]:
    size, place = None, len(_JPEG)
    while True:
        marker = content[place + 1]
        if content[place] != _JPEG_FILL:
            raise _cut_short(name)
        if marker == _JPEG_FILL:
            place += 1
            continue
        if marker in _JPEG_ALONE:
            place += 2
            continue
        (length,) = struct.unpack_from(">H", content, place + 2)
        if marker in _JPEG_FRAMES:
            size = struct.unpack_from(">HH", content, place + 5)
        place += 2 + length
        if marker == _JPEG_SCAN:
            break
    # Inside a scan 0xFF is always followed by a stuffed zero or a restart marker, so the end marker is the real one.
    if size is None or content.find(_JPEG_END, place) < 0:
        raise _cut_short(name)
    return int(size[0]), int(size[1])


def _bmp(content: bytes, name: str) -> tuple[int, int]:
    (declared,) = struct.unpack_from("<I", content, 2)
    width, height = struct.unpack_from("<ii", content, 18)
    if declared > len(content):
        raise _cut_short(name)
    return abs(height), abs(width)


def _cut_short(name: str) -> BadInputError:
    return BadInputError(f"wanted a whole picture, found {name} cut short or damaged; copy it again or remove it")
