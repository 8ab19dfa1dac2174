"""A serial line that loses, damages, doubles and reorders frames, and knows which of them must still be understood."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from edge_contracts.serial_link import Frame
from edge_contracts.serial_link.field import Tail, Whole, Word
from edge_contracts.serial_link.layout import LAYOUTS

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from edge_contracts.serial_link.layout import Layout

LOST, DAMAGED, DOUBLED, MOVED = 0.03, 0.15, 0.02, 0.05
FAR = 6


@dataclass(frozen=True, slots=True)
class Passed:
    """What a line made of frames: its bytes, the frames that are whole in them, in order, and what it did."""

    data: bytes
    whole: list[bytes]
    damaged: int
    lost: int
    moved: int


def random_frame(chance: random.Random, layout: Layout | None = None) -> Frame:
    """A frame with any values."""
    layout = layout or chance.choice(LAYOUTS)
    values = {field.name: _value(chance, field) for field in layout.fields}
    return Frame(layout.message(**values), chance.randrange(256) if layout.reliable else 0)


def pass_on(chance: random.Random, frames: Sequence[bytes]) -> Passed:
    """Send frames and a last delimiter through the line; whole is what lies between two delimiters as it was sent."""
    places = [place for place in range(len(frames)) if chance.random() >= LOST]
    lost = len(frames) - len(places)
    places += [place for place in places if chance.random() < DOUBLED]
    order = sorted(places, key=lambda place: place + (chance.uniform(-FAR, FAR) if chance.random() < MOVED else 0))
    pieces, damaged = [], 0
    for place in order:
        spoiled = chance.random() < DAMAGED
        pieces.append(damage(chance, frames[place]) if spoiled else frames[place])
        damaged += spoiled
    data, sent = b"".join(pieces) + b"\0", set(frames)
    whole = [one + b"\0" for one in data.split(b"\0")[:-1] if one + b"\0" in sent]
    return Passed(data, whole, damaged, lost, sum(before > after for before, after in pairwise(order)))


def damage(chance: random.Random, data: bytes) -> bytes:
    """Bits flipped, a byte exchanged, lost or new, a run of noise, or the end torn off."""
    spoiled = bytearray(data)
    at = chance.randrange(len(data))
    match chance.randrange(6):
        case 0:
            spoiled[at] ^= 1 << chance.randrange(8)
        case 1:
            spoiled[at] = chance.randrange(256)
        case 2:
            del spoiled[at]
        case 3:
            spoiled.insert(at, chance.randrange(256))
        case 4:
            size = chance.randrange(1, 9)
            spoiled[at : at + size] = chance.randbytes(chance.randrange(size + 1))
        case _:
            del spoiled[at:]
    return bytes(spoiled)


def _value(chance: random.Random, field: object) -> object:
    if isinstance(field, Whole):
        if field.values:
            return chance.choice(list(field.values))
        least, most = field.range
        return chance.choice((least, most)) if chance.random() < 0.1 else chance.randint(least, most)
    if isinstance(field, Word):
        return "".join(chr(chance.randint(0x20, 0x7E)) for _ in range(chance.randint(0, field.size)))
    assert isinstance(field, Tail)
    count = chance.randint(0, field.most)
    if field.kind == "i16[]":
        return tuple(chance.randint(-32768, 32767) for _ in range(count))
    if field.kind == "bytes":
        return chance.randbytes(count)
    return "".join(chr(chance.randint(1, 127)) for _ in range(count))
