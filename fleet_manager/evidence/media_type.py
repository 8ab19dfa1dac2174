"""What a file is by its first bytes; what a browser might run as a page or a script is never named as such."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 16
ANY: Final = "application/octet-stream"
_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (4, b"ftyp", "video/mp4"),
)


def media_type(head: bytes) -> str:
    """The media type of a file that begins with these bytes, `application/octet-stream` when it is none of ours."""
    for offset, signature, name in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return name
    return ANY
