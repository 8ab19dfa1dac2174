"""Whether the coded data of a JPEG can be what an encoder wrote; a decoder fills what is destroyed with a flat colour.

A block of zeros from a power cut is made of valid Huffman codes, so the decoder only warns. This looks for what no
encoder writes (ITU-T T.81): long runs of one byte that are no flat picture, markers and restart markers that do not
belong there, refinements of a progressive picture that are missing. It decodes nothing, so it takes milliseconds, and
does not see damage that looks like any other coded data.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np

RUN_BYTES: Final = 64
"""One byte so many times in a row is 512 bits of one pattern; the longest pattern of a block is shorter."""

_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_CELL_BYTES: Final = RUN_BYTES // 2
_DHT, _EOI, _SOS, _DRI, _FILL = 0xC4, 0xD9, 0xDA, 0xDD, 0xFF
_SEQUENTIAL: Final = frozenset({0xC0, 0xC1})
_PROGRESSIVE: Final = 0xC2
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BETWEEN_SCANS: Final = frozenset({_DHT, _EOI, _SOS, _DRI, 0xDB, 0xDC, 0xFE, *range(0xE0, 0xF0)})
_LAST_COEFFICIENT: Final = 63


@dataclass(slots=True)
class _Jpeg:
    """What the segments so far said.

    codes: by table class (0 DC, 1 AC) and number: symbol to its code in signs 0 and 1.
    blocks: 8×8 blocks across and down the picture.
    sampling: by component: blocks across and down one unit of an interleaved scan.
    reached: by component: per coefficient the lowest bit that a progressive scan has told.
    """

    frame: int = 0
    restart_interval: int = 0
    codes: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)
    blocks: tuple[int, int] = (0, 0)
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)
    reached: dict[int, list[int | None]] = field(default_factory=dict)


def damage_of(content: bytes) -> str | None:
    """What an encoder cannot have written, as the end of "found …"; None when nothing is seen.

    Args:
        content: a whole JPEG file, with its end marker.
    """
    try:
        return _walk(content, _Jpeg())
    except (IndexError, KeyError, struct.error):
        return "its segments broken"


def _walk(content: bytes, jpeg: _Jpeg) -> str | None:
    at = 2
    while match := _MARKER.search(content, at):
        marker, at = match[1][0], match.end()
        if len(match[0]) > RUN_BYTES:
            return "a long run of the byte 0xff before a marker, which no encoder writes"
        if marker == _EOI:
            return _missing_refinement(jpeg)
        size = struct.unpack_from(">H", content, at)[0]
        body, at = content[at + 2 : at + size], at + size
        if marker == _SOS:
            after = _MARKER.search(content, at)
            end = after.start() if after else len(content)
            if after and after[1][0] not in _BETWEEN_SCANS:
                return "a marker in its middle that does not belong there"
            if (found := _damaged_scan(body, content[at:end], jpeg)) is not None:
                return found
        else:
            _read_segment(marker, body, jpeg)
    return "no end marker after its data"


def _read_segment(marker: int, body: bytes, jpeg: _Jpeg) -> None:
    if marker in _FRAMES:
        jpeg.frame = marker
        height_px, width_px = struct.unpack(">HH", body[1:5])
        jpeg.blocks = -(-width_px // 8), -(-height_px // 8)
        parts = [body[6 + 3 * n : 9 + 3 * n] for n in range(body[5])]
        jpeg.sampling = {part[0]: (part[1] >> 4, part[1] & 15) for part in parts}
        jpeg.reached = {part[0]: [None] * (_LAST_COEFFICIENT + 1) for part in parts}
    elif marker == _DHT:
        jpeg.codes |= _tables(body)
    elif marker == _DRI:
        jpeg.restart_interval = struct.unpack(">H", body[:2])[0]


def _tables(body: bytes) -> dict[tuple[int, int], dict[int, str]]:
    """Canonical Huffman codes (T.81, C.2)."""
    found: dict[tuple[int, int], dict[int, str]] = {}
    while body:
        counts, symbols = body[1:17], body[17 : 17 + sum(body[1:17])]
        codes, code, taken = {}, 0, 0
        for length, count in enumerate(counts, start=1):
            for symbol in symbols[taken : taken + count]:
                codes[symbol] = f"{code:0{length}b}"
                code += 1
            taken += count
            code <<= 1
        found[body[0] >> 4, body[0] & 15] = codes
        body = body[17 + len(symbols) :]
    return found


def _damaged_scan(head: bytes, data: bytes, jpeg: _Jpeg) -> str | None:
    parts = [(head[1 + 2 * n], head[2 + 2 * n] >> 4, head[2 + 2 * n] & 15) for n in range(head[0])]
    first, last, bits = head[1 + 2 * head[0] : 4 + 2 * head[0]]
    for component, _, _ in parts:
        jpeg.reached[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    order = [match[1][0] & 7 for match in _RESTART.finditer(data)]
    if order != [n % 8 for n in range(len(order))] or (order and not jpeg.restart_interval):
        return "restart markers that do not follow one another"
    if len(order) < _restarts(jpeg, len(parts)):
        return "restart markers missing"
    for byte, run in _long_runs(data).items():
        if not _is_flat(byte, run, parts, (first, bits >> 4), jpeg):
            return f"a long run of the byte {byte:#04x} in its data, which no encoder writes"
    return None


def _restarts(jpeg: _Jpeg, components: int) -> int:
    """How many restart markers a scan of all components has; 0 where that is not known."""
    if not jpeg.restart_interval or components != len(jpeg.sampling):
        return 0
    return (_units(jpeg, is_interleaved=components > 1) - 1) // jpeg.restart_interval


def _long_runs(data: bytes) -> dict[int, int]:
    """How often a byte stands in a row, from `RUN_BYTES` on; such a run covers an aligned cell of half that length."""
    signs = np.frombuffer(data, np.uint8)
    cells = signs[: signs.size // _CELL_BYTES * _CELL_BYTES].reshape(-1, _CELL_BYTES)
    constant = np.unique(cells[(cells == cells[:, :1]).all(axis=1), 0])
    found = {int(byte): re.findall(re.escape(bytes([byte])) + b"{%d,}" % RUN_BYTES, data) for byte in constant}
    return {byte: max(map(len, runs)) for byte, runs in found.items() if runs}


def _is_flat(byte: int, run: int, parts: list[tuple[int, int, int]], scan: tuple[int, int], jpeg: _Jpeg) -> bool:
    """Whether a run says "as before", for no more blocks than the picture has; True where that is not known."""
    first, refines = scan
    if byte == _FILL:
        return False
    if jpeg.frame == _PROGRESSIVE and (refines or first):
        if byte or not first:
            return True
        symbol, code = min(jpeg.codes[1, parts[0][2]].items(), key=lambda item: item[1])
        skipped = run * 8 // (len(code) + (symbol >> 4)) << (symbol >> 4)
        return symbol & 15 == 0 and (bool(refines) or skipped <= _units(jpeg, is_interleaved=False))
    if jpeg.frame not in _SEQUENTIAL | {_PROGRESSIVE}:
        return True
    unit = ""
    for component, dc, ac in parts:
        same = jpeg.codes[0, dc].get(0)
        end = jpeg.codes[1, ac].get(0) if jpeg.frame in _SEQUENTIAL else ""
        if same is None or end is None:
            return False
        across, down = jpeg.sampling[component] if len(parts) > 1 else (1, 1)
        unit += (same + end) * across * down
    pattern = f"{byte:08b}" * RUN_BYTES
    fits = run * 8 // len(unit) <= _units(jpeg, is_interleaved=len(parts) > 1)
    return fits and pattern in unit * (len(pattern) // len(unit) + 2)


def _units(jpeg: _Jpeg, *, is_interleaved: bool) -> int:
    """How often a scan repeats its pattern at most."""
    across, down = jpeg.blocks
    if is_interleaved:
        across = -(-across // max(wide for wide, _ in jpeg.sampling.values()))
        down = -(-down // max(tall for _, tall in jpeg.sampling.values()))
    return across * down


def _missing_refinement(jpeg: _Jpeg) -> str | None:
    if jpeg.frame != _PROGRESSIVE:
        return None
    if all(low == 0 for lows in jpeg.reached.values() for low in lows):
        return None
    return "scans missing that refine it"
