"""Width and height of a picture file from its first bytes, so that a huge one is refused before it is decoded.

PNG (W3C PNG 3, 11.2.1 IHDR), JPEG (ITU-T T.81, B.2.2 frame header), BMP (BITMAPINFOHEADER), PNM (netpbm), WebP
(RFC 9649).
"""

from __future__ import annotations

import re
import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_PNM = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s")
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_END = b"\xff\xd9"
_PNG_END = b"IEND\xaeB`\x82"
_MARKER = 0xFF
_TAIL_BYTES = 1 << 16


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, None when this is no PNG, JPEG, BMP, PNM or WebP or its header is cut off."""
    try:
        return _size(content)
    except (struct.error, IndexError):
        return None


def is_cut_off(content: bytes) -> bool:
    """Whether a PNG or JPEG lacks its end marker; some decoders fill the rest with grey, which may look good."""
    if content.startswith(_PNG):
        return _PNG_END not in content[-_TAIL_BYTES:]
    if content.startswith(b"\xff\xd8"):
        return _JPEG_END not in content[-_TAIL_BYTES:]
    return False


def _size(content: bytes) -> tuple[int, int] | None:
    if content.startswith(_PNG):
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    if content.startswith(b"\xff\xd8"):
        return _jpeg_size(content)
    if content.startswith(b"BM"):
        width, height = struct.unpack("<ii", content[18:26])
        return width, abs(height)
    if match := _PNM.match(content[:4096]):
        return int(match[1]), int(match[2])
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_size(content)
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at < len(content):
        if content[at] != _MARKER:
            return None
        marker = content[at + 1]
        if marker == _MARKER:
            at += 1
        elif marker in _JPEG_BARE_MARKERS:
            at += 2
        elif marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
