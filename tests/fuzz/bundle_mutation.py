"""Damage to a bundle that keeps it a zip: false sizes, members that overlap, names that climb out, compression."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING

from tests.fuzz.mutation import damaged

if TYPE_CHECKING:
    from random import Random

NAMES = (
    "../escaped",
    "/etc/passwd",
    "manifest.json",
    "model.tflite",
    "a" * 60_000,
    "golden/../../x",
    "",
    "\x00",
    "con",
)

_CENTRAL = b"PK\x01\x02"
_SIZES_OFFSET = 20  # of the compressed and the whole size in an entry of the central directory
_PLACE_OFFSET = 42  # of the place of its local header


def mutated(content: bytes, draw: Random) -> bytes:
    """The archive after one change."""
    return draw.choice((_false_size, _overlapping, _renamed, _bomb, _many, _manifest))(content, draw)


def _entries(content: bytes) -> list[int]:
    places, start = [], content.find(_CENTRAL)
    while start >= 0:
        places.append(start)
        start = content.find(_CENTRAL, start + 1)
    return places


def _false_size(content: bytes, draw: Random) -> bytes:
    found, place = bytearray(content), draw.choice(_entries(content))
    size = draw.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 512 << 20))
    struct.pack_into("<II", found, place + _SIZES_OFFSET, size, draw.choice((size, 1)))
    return bytes(found)


def _overlapping(content: bytes, draw: Random) -> bytes:
    found, places = bytearray(content), _entries(content)
    struct.pack_into("<I", found, draw.choice(places) + _PLACE_OFFSET, draw.choice((0, 1, 0xFFFFFFFF, len(content))))
    return bytes(found)


def _rebuilt(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name are what is wanted
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return stored.getvalue()


def _members(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _renamed(content: bytes, draw: Random) -> bytes:
    members = _members(content)
    place = draw.randrange(len(members))
    members[place] = (draw.choice(NAMES[:4]), members[place][1])
    return _rebuilt([(f"{name}{copy or ''}", held) for copy, (name, held) in enumerate(members)])


def _bomb(content: bytes, draw: Random) -> bytes:
    zeros = b"\0" * draw.choice((1 << 16, 1 << 22))
    return _rebuilt([*_members(content), ("zeros", zeros)], zipfile.ZIP_DEFLATED)


def _many(content: bytes, draw: Random) -> bytes:
    return _rebuilt(
        [*_members(content), *((f"{draw.choice(NAMES)[:9]}{copy}", b"") for copy in range(draw.randrange(600)))]
    )


def _manifest(content: bytes, draw: Random) -> bytes:
    members = [(name, damaged(held, draw) if name == "manifest.json" else held) for name, held in _members(content)]
    return _rebuilt(members)
