"""Images for Espressif's chips: header with chip id, segments, checksum, appended SHA-256, description of the program.

Layout: Espressif's "Firmware Image Format" and ESP-IDF's `esp_app_desc_t`. A merged file, which holds bootloader,
partition table and programs at their places in flash, is read as a whole: each of its images is checked. Behind an
image there may be erased flash, a signature, and in a file without a partition table further images; nothing else.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from functools import reduce
from operator import xor

from firmware_tools.image.fields import fields, piece, text
from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment

MAGIC = 0xE9
HEADER = struct.Struct("<BBBBI")
EXTENDED = struct.Struct("<B3sHBHH4sB")
SEGMENT = struct.Struct("<II")
DESCRIPTION = struct.Struct("<II8s32s32s16s16s32s32s")
assert (HEADER.size, EXTENDED.size, DESCRIPTION.size) == (8, 16, 176)  # noqa: S101 - the layouts beside their declaration

DESCRIPTION_MAGIC = 0xABCD5432
CHECKSUM_SEED = 0xEF
MOST_SEGMENTS = 16
HASH_BYTES = 32
SECTOR_BYTES = 4096
SIGNATURE_BLOCK = {b"\xe7\x02": "rsa-3072-pss", b"\xe7\x03": "ecdsa"}
"""How a signature sector of Secure Boot V2 begins."""
FIRST_SIGNATURE_BYTES, FIRST_SIGNATURE_VERSION = 68, bytes(4)
"""Secure Boot V1 puts a version and an ECDSA signature right behind the image."""
PARTITION = struct.Struct("<HBBII16sI")
PARTITION_MAGIC, PARTITION_TABLE, MOST_PARTITIONS = 0x50AA, 0x8000, 95
TABLE_HASH_MAGIC, ERASED = 0xEBEB, b"\xff\xff"
CLASSIC_BOOTLOADER = 0x1000
"""Where the bootloader of the first ESP32 stands in flash; before it a merged file is erased."""
_WRITTEN = re.compile(rb"[^\xff]")
CHIPS = {
    0: "esp32",
    2: "esp32s2",
    5: "esp32c3",
    9: "esp32s3",
    12: "esp32c2",
    13: "esp32c6",
    16: "esp32h2",
    18: "esp32p4",
    20: "esp32c61",
    23: "esp32c5",
}
"""ESP-IDF's `esp_chip_id_t`."""


@dataclass(frozen=True, slots=True)
class _Image:
    """One image within a file, and the offset of its end, without its signature."""

    chip: str
    entry: int
    segments: tuple[Segment, ...]
    digest: str | None
    end: int


def parse(content: bytes) -> FirmwareImage:
    """Read an ESP image or a merged file, and compare checksums and hashes."""
    first = 0 if content[0] == MAGIC else CLASSIC_BOOTLOADER
    if first and set(content[:first]) != {0xFF}:
        raise BadImage("wanted erased flash before the bootloader, found other bytes; it is no merged ESP file")
    image = _image(content, first)
    told_by_table = _has_table(content, image.end)
    programs = [_image(content, offset) for offset in _programs(content)] if told_by_table else _behind(content, image)
    strange = {one.chip for one in programs} - {image.chip}
    if strange:
        raise BadImage(f"wanted programs for {image.chip}, found one for {strange.pop()}; merge files of one chip")
    told = _description((programs or [image])[0])
    merged = f"merged: bootloader and {len(programs)} program(s), to be written at 0x0" if programs or first else ""
    unhashed = "" if image.digest else "it carries no SHA-256, only a checksum of 8 bits"
    return FirmwareImage(
        "esp",
        content,
        hashlib.sha256(content).hexdigest(),
        chip=image.chip,
        version=told.get("version"),
        name=told.get("name"),
        digest=(programs or [image])[0].digest,
        signature=_signature(content, image.end),
        entry=image.entry,
        segments=image.segments,
        remarks=tuple(one for one in (merged, unhashed) if one),
    )


def _image(content: bytes, start: int) -> _Image:
    magic, count, _, _, entry = fields(HEADER, content, start, "an ESP header")
    _, _, chip_id, _, _, _, _, hashed = fields(EXTENDED, content, start + HEADER.size, "an ESP header")
    if magic != MAGIC or not 0 < count <= MOST_SEGMENTS or chip_id not in CHIPS:
        raise BadImage(
            f"wanted an ESP image of 1 to {MOST_SEGMENTS} segments for a known chip at offset {start:#x}, found first "
            f"byte {magic:#04x}, {count} segments, chip id {chip_id}; it is damaged, or for an ESP8266 or a newer chip"
        )
    segments, place = [], start + HEADER.size + EXTENDED.size
    for number in range(count):
        address, size = fields(SEGMENT, content, place, f"the header of segment {number}")
        segments.append(Segment(address, piece(content, place + SEGMENT.size, size, f"segment {number}")))
        place += SEGMENT.size + size
    # The checksum is the last byte of the 16 that the segments end in, seen from the image's own start.
    end = place + 16 - (place - start) % 16
    _check_sum(piece(content, end - 1, 1, "the checksum behind the segments")[0], segments)
    digest = _checked_hash(content, start, end) if hashed else None
    return _Image(CHIPS[chip_id], entry, tuple(segments), digest, end + (HASH_BYTES if hashed else 0))


def _check_sum(carried: int, segments: list[Segment]) -> None:
    found = CHECKSUM_SEED
    for one in segments:
        # Folded as one large number first: a megabyte byte by byte takes seconds on a board.
        wide = len(one.content) // 8 * 8
        folded = reduce(xor, memoryview(one.content)[:wide].cast("Q"), 0).to_bytes(8, "little")
        found = reduce(xor, folded + one.content[wide:], found)
    if found != carried:
        raise BadImage(
            f"wanted checksum {carried:#04x} as the image says, found {found:#04x}; it is damaged: copy it again"
        )


def _checked_hash(content: bytes, start: int, end: int) -> str:
    carried = piece(content, end, HASH_BYTES, "the appended SHA-256").hex()
    found = hashlib.sha256(content[start:end]).hexdigest()
    if found != carried:
        raise BadImage(
            f"wanted SHA-256 {carried[:16]}… as the image says, found {found[:16]}…; it is damaged: build it again"
        )
    return carried


def _has_table(content: bytes, end: int) -> bool:
    """Whether something stands where a merged file has its partition table."""
    return end <= PARTITION_TABLE and content[PARTITION_TABLE : PARTITION_TABLE + 2] not in {
        b"",
        ERASED,
        *SIGNATURE_BLOCK,
    }


def _behind(content: bytes, image: _Image) -> list[_Image]:
    """The further images of a file without a partition table; what is none, nor signature or erased, is refused."""
    found: list[_Image] = []
    place = image.end
    if content.startswith(FIRST_SIGNATURE_VERSION, place):
        place += len(piece(content, place, FIRST_SIGNATURE_BYTES, "a signature of Secure Boot V1"))
    place = _written(content, place)
    while place < len(content):
        if place % SECTOR_BYTES == 0 and content[place : place + 2] in SIGNATURE_BLOCK:
            piece(content, place, SECTOR_BYTES, "a signature sector")
            place = _written(content, place + SECTOR_BYTES)
        elif place % SECTOR_BYTES == 0 and content[place] == MAGIC:
            found.append(_image(content, place))
            place = _written(content, found[-1].end)
        else:
            raise BadImage(
                f"wanted erased flash or a signature behind the image's end at {image.end:#x}, found other bytes at "
                f"{place:#x}; it was damaged or joined with another file: build it again, or give each part by itself"
            )
    return found


def _written(content: bytes, start: int) -> int:
    """Where the first byte from an offset on stands that is not erased; the file's end where there is none."""
    found = _WRITTEN.search(content, start)
    return found.start() if found else len(content)


def _programs(content: bytes) -> list[int]:
    """The offsets of programs in a merged file, from its partition table; those beyond the file's end are not in it."""
    found = []
    for number in range(MOST_PARTITIONS):
        offset = PARTITION_TABLE + number * PARTITION.size
        if offset + PARTITION.size > len(content):
            break
        magic, kind, _, start, size, _, _ = PARTITION.unpack_from(content, offset)
        if magic != PARTITION_MAGIC:
            _check_end(content, offset, magic)
            break
        if kind == 0 and size and set(content[start : start + HEADER.size]) - {0xFF}:
            found.append(start)
    return found


def _check_end(content: bytes, offset: int, magic: int) -> None:
    """What ends a partition table: erased flash, or the MD5 of its entries, as ESP-IDF's own tool writes it."""
    entries = content[PARTITION_TABLE:offset]
    if magic == TABLE_HASH_MAGIC:
        carried = content[offset + PARTITION.size // 2 : offset + PARTITION.size]
        if hashlib.md5(entries, usedforsecurity=False).digest() != carried:
            raise BadImage(
                "wanted a partition table that its MD5 fits, found another; the merged file is damaged: merge it again"
            )
    elif magic.to_bytes(2, "little") not in {ERASED, *SIGNATURE_BLOCK}:
        raise BadImage(
            f"wanted a partition, an MD5 or erased flash at offset {offset:#x}, found {magic:#06x}; the merged file is "
            "damaged: merge it again"
        )


def _description(image: _Image) -> dict[str, str]:
    """Version and name, if the image begins with ESP-IDF's description of the program."""
    head = image.segments[0].content[: DESCRIPTION.size]
    if len(head) < DESCRIPTION.size:
        return {}
    magic, _, _, version, name, *_ = DESCRIPTION.unpack(head)
    return {"version": text(version), "name": text(name)} if magic == DESCRIPTION_MAGIC else {}


def _signature(content: bytes, end: int) -> str | None:
    if content.startswith(FIRST_SIGNATURE_VERSION, end):
        return "ecdsa"
    sector = -(-end // SECTOR_BYTES) * SECTOR_BYTES
    return SIGNATURE_BLOCK.get(content[sector : sector + 2])
