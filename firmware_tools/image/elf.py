"""ELF programs, as linkers leave them: machine, entry and what is loaded where (System V ABI, chapters 4 and 5)."""

from __future__ import annotations

import hashlib
import struct

from firmware_tools.image.fields import fields, piece
from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment, in_order

MACHINES = {3: "x86", 40: "arm", 62: "x86-64", 83: "avr", 94: "xtensa", 183: "aarch64", 243: "riscv"}
LOADED = 1
EXECUTABLE = 2
MOST_HEADERS = 512

_CLASS_32, _CLASS_64 = 1, 2
_ORDERS = {1: "<", 2: ">"}
_IDENT_BYTES = 16


def parse(content: bytes) -> FirmwareImage:
    """Read an ELF program; what is loaded where follows the physical addresses, as a programmer does."""
    word, order = _form(content)
    kind, machine, _, entry, table, _, _, _, entry_bytes, count, *_ = fields(
        struct.Struct(f"{order}HHI{word}{word}{word}IHHHHHH"), content, _IDENT_BYTES, "an ELF header"
    )
    if kind != EXECUTABLE:
        raise BadImage(
            f"wanted a linked ELF program (type 2), found type {kind}; link it at fixed addresses, not as an object"
        )
    chip = MACHINES.get(machine)
    segments = in_order(_loaded(content, (word, order), table, entry_bytes, count), "its load segments")
    if not segments:
        raise BadImage("wanted load segments, found none; was it stripped to its symbols? Take the linker's own output")
    return FirmwareImage(
        "elf",
        content,
        hashlib.sha256(content).hexdigest(),
        chip=chip,
        entry=entry,
        segments=segments,
        remarks=() if chip else (f"its machine {machine} is none that we know",),
    )


def _form(content: bytes) -> tuple[str, str]:
    ident = piece(content, 0, _IDENT_BYTES, "an ELF header")
    if ident[4] not in {_CLASS_32, _CLASS_64} or ident[5] not in _ORDERS:
        raise BadImage(
            f"wanted an ELF file of 32 or 64 bits, found class {ident[4]} and byte order {ident[5]}; it is damaged"
        )
    return ("I" if ident[4] == _CLASS_32 else "Q"), _ORDERS[ident[5]]


def _loaded(content: bytes, form: tuple[str, str], table: int, entry_bytes: int, count: int) -> list[Segment]:
    word, order = form
    # A 64-bit header has its flags second, a 32-bit one seventh.
    layout = struct.Struct(f"{order}IIQQQQQQ" if word == "Q" else f"{order}IIIIIIII")
    if count > MOST_HEADERS or entry_bytes < layout.size:
        raise BadImage(
            f"wanted at most {MOST_HEADERS} program headers of {layout.size} bytes, found {count} of {entry_bytes}; "
            "it is damaged"
        )
    segments: list[Segment] = []
    left = len(content)
    for place in range(count):
        header = fields(layout, content, table + place * entry_bytes, f"program header {place}")
        kind = header[0]
        offset, _, physical, size = header[2:6] if word == "Q" else header[1:5]
        if kind == LOADED and size:
            segments.append(Segment(physical, piece(content, offset, size, f"load segment {place}")))
            left -= size
        if left < 0:
            raise BadImage(
                f"wanted load segments of at most the file's {len(content):,} bytes together, found more with program "
                f"header {place}: some share bytes; it is damaged"
            )
    return segments
