"""UF2 files: blocks of 512 bytes that each say where they belong and how many there are (Microsoft's UF2 text)."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from dataclasses import dataclass

from firmware_tools.image.fields import fields
from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment, in_order

BLOCK_BYTES = 512
HEADER = struct.Struct("<IIIIIIII")
MAGIC_START, MAGIC_SECOND, MAGIC_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
MOST_PAYLOAD_BYTES = 476
NOT_MAIN_FLASH, HAS_FAMILY = 0x0001, 0x2000
FAMILIES = {
    0xE48BFF56: "rp2040",
    0xE48BFF57: "rp2-absolute",
    0xE48BFF58: "rp2-data",
    0xE48BFF59: "rp2350-arm",
    0xE48BFF5A: "rp2350-riscv",
    0xE48BFF5B: "rp2350-arm-ns",
    0x68ED2B88: "samd21",
    0x55114460: "samd51",
    0xADA52840: "nrf52840",
    0x57755A57: "stm32f4",
    0xBFDD4EEE: "esp32s2",
    0xC47E5767: "esp32s3",
}
"""From the list that the UF2 project keeps."""
IGNORED_BLOCK = (0xE48BFF57, 0x10FFFF00)
"""Family and address of a block that RP2350 files begin with against a fault of its boot ROM (RP2350-E10)."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its number of so many, its family (0: none told), and what belongs where."""

    number: int
    count: int
    family: int
    segment: Segment


def parse(content: bytes) -> FirmwareImage:
    """Read a UF2 file; every block must be there once, and no two may want the same address."""
    blocks = [one for one in blocks_of(content) if (one.family, one.segment.start) != IGNORED_BLOCK]
    families = {one.family for one in blocks}
    if len(families) != 1:
        names = ", ".join(sorted(family_name(one) for one in families)) or "no block for the main flash"
        raise BadImage(f"wanted blocks for one chip, found {names}; give a file for this chip alone")
    _check_complete(blocks)
    family = families.pop()
    known = family in FAMILIES
    return FirmwareImage(
        "uf2",
        content,
        hashlib.sha256(content).hexdigest(),
        chip=family_name(family) if family else None,
        segments=in_order([one.segment for one in blocks], "its blocks"),
        remarks=() if known else ("it names no family: nothing says for which chip it is",) if not family else (),
    )


def blocks_of(content: bytes) -> list[Block]:
    """The blocks for the main flash, in the file's order.

    Raises:
        BadImage: one is damaged, or the file ends within one.
    """
    if len(content) % BLOCK_BYTES:
        raise BadImage(
            f"wanted whole blocks of {BLOCK_BYTES} bytes, found {len(content) % BLOCK_BYTES} bytes left over; "
            "it was cut short: build or copy it again"
        )
    found = (_block(content, offset) for offset in range(0, len(content), BLOCK_BYTES))
    return [one for one in found if one is not None]


def family_name(family: int) -> str:
    """A family as a person names it."""
    return FAMILIES.get(family, f"{family:#010x}") if family else "none"


def _block(content: bytes, offset: int) -> Block | None:
    first, second, flags, address, size, number, count, family = fields(HEADER, content, offset, "a UF2 block")
    (last,) = struct.unpack_from("<I", content, offset + BLOCK_BYTES - 4)
    place = offset // BLOCK_BYTES
    if (first, second, last) != (MAGIC_START, MAGIC_SECOND, MAGIC_END):
        raise BadImage(f"wanted the marks of a UF2 block in block {place}, found others; it is damaged: copy it again")
    if not 0 < size <= MOST_PAYLOAD_BYTES or number >= count:
        raise BadImage(
            f"wanted 1 to {MOST_PAYLOAD_BYTES} bytes and a number below {count} in block {place}, "
            f"found {size} bytes and number {number}; it is damaged: build it again"
        )
    if flags & NOT_MAIN_FLASH:
        return None
    start = offset + HEADER.size
    return Block(number, count, family if flags & HAS_FAMILY else 0, Segment(address, content[start : start + size]))


def _check_complete(blocks: list[Block]) -> None:
    counts, numbers = {one.count for one in blocks}, Counter(one.number for one in blocks)
    wanted = max(counts)
    twice = [number for number, times in numbers.items() if times > 1]
    if len(counts) > 1 or twice:
        raise BadImage(
            f"wanted each block once of one count, found counts {sorted(counts)[:4]} and {len(twice)} blocks twice; "
            "two files were joined: build it again"
        )
    if len(blocks) != wanted:
        missing = next(number for number in range(wanted) if number not in numbers)
        raise BadImage(
            f"wanted {wanted} blocks, found {len(blocks)}: block {missing} is missing; build or copy it again"
        )
