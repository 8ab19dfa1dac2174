"""Damage to bytes, and the numbers that hurt: what every mutator draws from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

INTEGERS = (
    -1,
    0,
    1,
    2,
    3,
    7,
    127,
    128,
    255,
    256,
    65535,
    1 << 20,
    (1 << 31) - 1,
    1 << 31,
    -(1 << 31),
    1 << 40,
    (1 << 63) - 1,
)
FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e-30, 3e38, float("inf"), float("-inf"), float("nan"))
SHAPES = (
    (),
    (0,),
    (-1,),
    (-5, 3),
    (1 << 30, 1 << 30),
    (1 << 31,),
    (65536, 65536),
    (1,) * 40,
    (2,) * 9,
    (1, 1, 1, 1, 1, 1 << 27),
)


def damaged(content: bytes, draw: Random) -> bytes:
    """The bytes after one to four accidents: cut, flipped, set, removed, repeated, moved."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4))):
        if found:
            draw.choice(_ACCIDENTS)(found, draw)
    return bytes(found)


def integer(draw: Random, found: int, *, bits: int = 64, signed: bool = True) -> int:
    """Another integer than `found`, near it or one that hurts, that fits into so many bits."""
    value = draw.choice(
        (found + 1, found - 1, found * 2, draw.choice(INTEGERS), draw.choice(INTEGERS), draw.randrange(64))
    )
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return min(max(value, low), high)


def shape(draw: Random, found: Any, *, bits: int = 64) -> list[int]:
    """Another shape: one size changed, one axis more or less, or an absurd one."""
    sizes = [int(size) for size in found]
    way = draw.randrange(4)
    if way == 0 or not sizes:
        high = (1 << (bits - 1)) - 1
        return [max(min(size, high), -high) for size in draw.choice(SHAPES)]
    place = draw.randrange(len(sizes))
    if way == 1:
        del sizes[place]
    elif way == 2:
        sizes.insert(place, draw.choice((1, 2, 0)))
    else:
        sizes[place] = integer(draw, sizes[place], bits=bits)
    return sizes


def _span(found: bytearray, draw: Random) -> tuple[int, int]:
    start = draw.randrange(len(found))
    return start, min(len(found), start + draw.choice((1, 2, 4, 8, 64, 1024)))


def _cut(found: bytearray, draw: Random) -> None:
    del found[draw.randrange(len(found)) :]


def _flip(found: bytearray, draw: Random) -> None:
    found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)


def _set(found: bytearray, draw: Random) -> None:
    # Headers and tables stand at the ends of a file: half of the accidents happen there.
    edge = draw.choice((len(found), min(256, len(found))))
    found[draw.randrange(edge)] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))


def _set_word(found: bytearray, draw: Random) -> None:
    start = draw.randrange(len(found))
    word = (draw.choice(INTEGERS) & 0xFFFFFFFF).to_bytes(4, "little")
    found[start : start + 4] = word


def _remove(found: bytearray, draw: Random) -> None:
    start, end = _span(found, draw)
    del found[start:end]


def _repeat(found: bytearray, draw: Random) -> None:
    start, end = _span(found, draw)
    found[start:start] = found[start:end]


def _move(found: bytearray, draw: Random) -> None:
    start, end = _span(found, draw)
    piece = found[start:end]
    place = draw.randrange(len(found))
    found[place : place + len(piece)] = piece


_ACCIDENTS = (_cut, _flip, _flip, _set, _set, _set_word, _set_word, _remove, _repeat, _move)
