"""Fields of a binary layout, read with their bounds checked: a file that ends too early is refused in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware_tools.image.firmware_image import BadImage

if TYPE_CHECKING:
    import struct


def fields(layout: struct.Struct, content: bytes, offset: int, what: str) -> tuple[Any, ...]:
    """The fields of `layout` at `offset`.

    Raises:
        BadImage: the file ends before them.
    """
    if offset < 0 or offset + layout.size > len(content):
        raise _short(what, layout.size, offset, content)
    return layout.unpack_from(content, offset)


def piece(content: bytes, offset: int, size_bytes: int, what: str) -> bytes:
    """So many bytes at `offset`.

    Raises:
        BadImage: the file ends before their end.
    """
    if offset < 0 or offset + size_bytes > len(content):
        raise _short(what, size_bytes, offset, content)
    return content[offset : offset + size_bytes]


def text(field: bytes) -> str:
    """A text of fixed width that ends at its first zero; what is no printable ASCII becomes a question mark."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in field.partition(b"\0")[0])  # noqa: PLR2004


def _short(what: str, size_bytes: int, offset: int, content: bytes) -> BadImage:
    return BadImage(
        f"wanted {what}, {size_bytes:,} bytes at offset {offset:#x}, found a file of {len(content):,} bytes; "
        "it was cut short: build or copy it again"
    )
