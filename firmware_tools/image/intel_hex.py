"""Intel HEX files: text records with an address, a type and a checksum each (Intel's specification of 1988)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from firmware_tools.image.firmware_image import BadImage, FirmwareImage, Segment, in_order

DATA, END, SEGMENT, SEGMENT_START, LINEAR, LINEAR_START = range(6)
SHORTEST_BYTES = 5
"""Length, address, type, checksum."""

_WORDS = {SEGMENT: 2, SEGMENT_START: 4, LINEAR: 2, LINEAR_START: 4, END: 0}


@dataclass(slots=True)
class _Reading:
    """What the records so far came to."""

    base: int = 0
    entry: int | None = None
    ended: bool = False
    segments: list[Segment] = field(default_factory=list)


def parse(content: bytes) -> FirmwareImage:
    """Read an Intel HEX file to its end record."""
    reading = _Reading()
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            _take(reading, line.strip(), number)
    if not reading.ended:
        raise BadImage("wanted an end record (:00000001FF), found none; the file was cut short: build or copy it again")
    segments = in_order(reading.segments, "its records")
    if not segments:
        raise BadImage("wanted data records, found none; the file holds no program: check how it was made")
    return FirmwareImage("hex", content, hashlib.sha256(content).hexdigest(), entry=reading.entry, segments=segments)


def _take(reading: _Reading, line: bytes, number: int) -> None:
    if reading.ended:
        raise BadImage(f"wanted nothing after the end record, found line {number}; two files were joined: build again")
    address, kind, data = _record(line, number)
    if kind == DATA:
        reading.segments.append(Segment(reading.base + address, data))
    elif len(data) != _WORDS.get(kind, -1):
        raise BadImage(f"wanted a known record, found type {kind} of {len(data)} bytes in line {number}; it is damaged")
    elif kind == END:
        reading.ended = True
    elif kind in {SEGMENT, LINEAR}:
        reading.base = int.from_bytes(data, "big") << (4 if kind == SEGMENT else 16)
    elif kind == SEGMENT_START:
        reading.entry = (int.from_bytes(data[:2], "big") << 4) + int.from_bytes(data[2:], "big")
    else:
        reading.entry = int.from_bytes(data, "big")


def _record(line: bytes, number: int) -> tuple[int, int, bytes]:
    try:
        record = bytes.fromhex(line.decode("ascii").removeprefix(":") if line.startswith(b":") else "no colon")
    except ValueError as error:
        raise BadImage(
            f"wanted ':' and hexadecimal digits, found {line[:24]!r} in line {number}; it is no Intel HEX, or damaged"
        ) from error
    if len(record) < SHORTEST_BYTES or len(record) != SHORTEST_BYTES + record[0]:
        raise BadImage(f"wanted a record of the length it tells, found another in line {number}; it was cut or damaged")
    if sum(record) % 256:
        raise BadImage(
            f"wanted checksum {-sum(record[:-1]) % 256:#04x} in line {number}, found {record[-1]:#04x}; "
            "it is damaged: build or copy it again"
        )
    return int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
