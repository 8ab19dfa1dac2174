"""MCUboot images: a header, the program, and a list of type-length-value records with hash and signature.

Layout: the MCUboot project's docs/design.md, "Image format". What imgtool writes is read, padded to a slot or not.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from firmware_tools.image.fields import fields, piece
from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = 0x96F3B83D
HEADER = struct.Struct("<IIHHIIBBHII")
"""Magic, load address, header bytes, protected TLV bytes, program bytes, flags, version in four fields, padding."""
TLV_INFO = struct.Struct("<HH")
TLV = struct.Struct("<HH")
assert HEADER.size == 32  # noqa: S101, PLR2004 - the layout beside its declaration

PLAIN_MAGIC, PROTECTED_MAGIC = 0x6907, 0x6908
KEY_HASH, SHA256 = 0x01, 0x10
SIGNATURES = {0x20: "rsa-2048-pss", 0x21: "ecdsa-p224", 0x22: "ecdsa-p256", 0x23: "rsa-3072-pss", 0x24: "ed25519"}
HASHES = {SHA256: "sha256", 0x11: "sha384", 0x12: "sha512"}
ENCRYPTED = 0x04 | 0x08
FIXED_ADDRESS = 0x100 | 0x20
"""Flags: the load address is where it runs from flash, or is copied to in RAM."""
TRAILER_MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
WIDE_TRAILER_MAGIC = bytes.fromhex("2de15d29410b8d77679c110f1f8a")
"""The end of a padded slot; the second stands for flash that is written more than 8 bytes at a time."""

Record = tuple[int, bytes]


def parse(content: bytes) -> FirmwareImage:
    """Read an MCUboot image and compare its hash."""
    header = fields(HEADER, content, 0, "an MCUboot header")
    _, load_address, header_bytes, protected_bytes, program_bytes, flags, major, minor, revision, build, _ = header
    if header_bytes < HEADER.size:
        raise BadImage(
            f"wanted an MCUboot header of {HEADER.size} bytes or more, found {header_bytes}; build the image again"
        )
    program = piece(content, header_bytes, program_bytes, "the program that the MCUboot header tells of")
    covered = header_bytes + program_bytes + protected_bytes
    protected = _records(content, covered - protected_bytes, PROTECTED_MAGIC) if protected_bytes else ()
    records = _records(content, covered, PLAIN_MAGIC)
    padding = _padding(content[covered + _size(records) :])
    every = {**dict(protected), **dict(records)}
    digest, remark = _checked(content[:covered], every, encrypted=bool(flags & ENCRYPTED))
    signature = next((name for kind, name in SIGNATURES.items() if kind in every), None)
    unsigned = "it carries no signature: a bootloader that asks for one refuses it"
    version = f"{major}.{minor}.{revision}" + (f"+{build}" if build else "")
    return FirmwareImage(
        "mcuboot",
        content,
        hashlib.sha256(content).hexdigest(),
        version=version,
        digest=digest,
        signature=signature,
        key_hash=every[KEY_HASH].hex() if KEY_HASH in every else None,
        segments=(Segment(load_address, program),) if flags & FIXED_ADDRESS else (),
        remarks=tuple(one for one in (remark, "" if signature else unsigned, padding) if one),
    )


def signed_part(content: bytes) -> tuple[bytes, dict[int, bytes]]:
    """What hash and signature stand for, and the records by type, of an image that `parse` has taken."""
    _, _, header_bytes, protected_bytes, program_bytes, *_ = HEADER.unpack_from(content)
    covered = header_bytes + program_bytes + protected_bytes
    return content[:covered], dict(_records(content, covered, PLAIN_MAGIC))


def _records(content: bytes, offset: int, magic: int) -> tuple[Record, ...]:
    found, total = fields(TLV_INFO, content, offset, "the records behind the program")
    if found != magic:
        raise BadImage(
            f"wanted the records behind the program to begin with {magic:#x}, found {found:#x} at offset {offset:#x}; "
            "the header's sizes are wrong or the file is damaged: sign it again"
        )
    held = piece(content, offset, total, "the records behind the program")
    records, place = [], TLV_INFO.size
    while place < total:
        kind, size = fields(TLV, held, place, "a record behind the program")
        records.append((kind, piece(held, place + TLV.size, size, f"record {kind:#x} behind the program")))
        place += TLV.size + size
    return tuple(records)


def _size(records: Sequence[Record]) -> int:
    return TLV_INFO.size + sum(TLV.size + len(value) for _, value in records)


def _checked(covered: bytes, records: dict[int, bytes], *, encrypted: bool) -> tuple[str, str]:
    """The hash that the image carries, and a remark where it could not be compared."""
    kind = next((one for one in HASHES if one in records), None)
    if kind is None:
        raise BadImage("wanted a hash among the records behind the program, found none; sign the image with imgtool")
    carried = records[kind].hex()
    if encrypted:
        return carried, "it is encrypted: its hash is of the plain program and was not compared"
    found = hashlib.new(HASHES[kind], covered).hexdigest()
    if found != carried:
        raise BadImage(
            f"wanted {HASHES[kind]} {carried[:16]}… as the image itself says, found {found[:16]}…; "
            "it is damaged: build or copy it again"
        )
    return carried, ""


def _padding(rest: bytes) -> str:
    """A remark on what follows the records: nothing, erased flash, or a slot's trailer."""
    if not rest:
        return ""
    if rest.endswith((TRAILER_MAGIC, WIDE_TRAILER_MAGIC)):
        return "it is padded to a slot and marked for the swap: for a programmer, not for an upload"
    if set(rest) <= {0x00} or set(rest) <= {0xFF}:
        return f"{len(rest):,} bytes of padding follow"
    raise BadImage(
        f"wanted the end of the image, found {len(rest):,} more bytes; two files were joined, or it is damaged"
    )
