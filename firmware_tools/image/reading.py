"""The table of formats, and the one way to read a file of any of them: by its first bytes, never by its name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from firmware_tools.image.firmware_image import BadImage
from firmware_tools.plain_file import require_plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware_tools.image.firmware_image import FirmwareImage

LARGEST_BYTES = 64 << 20
"""More than the flash of any chip that we know; a larger file is no firmware."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of images.

    name: for a person.
    magic: how such a file begins.
    target: `module:function` of its reader.
    """

    name: str
    magic: bytes
    target: str


FORMATS: tuple[Format, ...] = (
    Format("MCUboot", b"\x3d\xb8\xf3\x96", "firmware_tools.image.mcuboot:parse"),
    Format("ELF", b"\x7fELF", "firmware_tools.image.elf:parse"),
    Format("UF2", b"UF2\n", "firmware_tools.image.uf2:parse"),
    Format("Intel HEX", b":", "firmware_tools.image.intel_hex:parse"),
    Format("ESP", b"\xe9", "firmware_tools.image.esp:parse"),
    Format("ESP, merged", b"\xff" * 16, "firmware_tools.image.esp:parse"),
    Format("raw binary", b"", "firmware_tools.image.raw_binary:parse"),
)
"""The first whose magic fits reads the file; a raw binary has none and comes last."""


def read_image(path: Path) -> FirmwareImage:
    """Read and check a firmware file.

    Raises:
        BadInputError: it is no plain file.
        BadImage: it is none, or it is damaged; the message says what was found.
        OSError: it cannot be read.
    """
    require_plain(path, "a firmware image")
    found = path.stat().st_size
    if found > LARGEST_BYTES:
        raise BadImage(
            f"wanted a firmware image of at most {LARGEST_BYTES:,} bytes, found {found:,} in {path}; check the path"
        )
    try:
        return parse_image(path.read_bytes())
    except BadImage as error:
        raise BadImage(f"{path}: {error}") from error


def format_of(content: bytes) -> Format:
    """The format that a file begins as."""
    return next(one for one in FORMATS if content.startswith(one.magic))


def parse_image(content: bytes) -> FirmwareImage:
    """Read and check the content of a firmware file.

    Raises:
        BadImage: it is no whole image of the format that it begins as.
    """
    if not content:
        raise BadImage("wanted a firmware image, found an empty file; build or copy it again")
    module, _, name = format_of(content).target.partition(":")
    parse: Callable[[bytes], FirmwareImage] = getattr(import_module(module), name)
    return parse(content)
