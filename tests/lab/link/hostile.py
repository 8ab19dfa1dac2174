"""Bytes that no honest side sends: torn and spliced frames, strange bodies under right CRCs, and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.serial_link import encode
from edge_contracts.serial_link.layout import LAYOUTS
from tests.fakes.firmware import sealed
from tests.lab.link.channel import damage, random_frame

if TYPE_CHECKING:
    import random


def hostile(chance: random.Random, pieces: int) -> bytes:
    """So many pieces, one after the other, and a delimiter."""
    return b"".join(_piece(chance) for _ in range(pieces)) + b"\0"


def strange(chance: random.Random) -> bytes:
    """A frame with a right CRC of which the rest may be wrong."""
    layout = chance.choice(LAYOUTS)
    ident = layout.ident if chance.random() < 0.95 else chance.randrange(256)
    flags = int(layout.reliable) if chance.random() < 0.95 else chance.randrange(256)
    sequence = chance.randrange(256) if layout.reliable or chance.random() < 0.1 else 0
    body = bytearray(layout.pack(random_frame(chance, layout).message))
    if chance.random() < 0.5:
        body[chance.randrange(len(body))] = chance.randrange(256)
    if chance.random() < 0.1:
        body = body[: chance.randrange(len(body) + 1)] + chance.randbytes(chance.randrange(8))
    return sealed(bytes([1 if chance.random() < 0.99 else 2, ident, flags, sequence]) + bytes(body))


def _piece(chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return chance.randbytes(chance.randrange(100))
        case 1:
            return damage(chance, encode(random_frame(chance)))
        case 2:
            first, second = encode(random_frame(chance)), strange(chance)
            return first[: chance.randrange(len(first))] + second[chance.randrange(len(second)) :]
        case 3:
            return encode(random_frame(chance))
        case _:
            return strange(chance)
