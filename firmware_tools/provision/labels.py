"""Labels for the stations of a ledger: a QR code, the id and the chip, on sheets of A4 with 24 labels of 70 × 37 mm.

The code says `lepton:ID?board=CHIP`, so that a scan tells whether the label is on the box that it was made for.
"""

from __future__ import annotations

import struct
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from edge_contracts.errors import BadInputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from firmware_tools.provision.ledger import Register, Row

COLUMNS, ROWS = 3, 8
PER_SHEET = COLUMNS * ROWS
LABEL_MM = (70.0, 37.0)
SHEET_MM = (210.0, 297.0)
_CODE_MM, _CODE_LEFT_MM, _TEXT_LEFT_MM = 27.0, 4.0, 34.0
_QUIET_CELLS = 4
_PNG_CELL_PX = 8
_PNG_START = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_PNG_SIZE = struct.Struct(">IIBB")
"""Width, height, bits per sample, kind of colour; 0 is grey."""
_PNG_BYTES = len(_PNG_START) + _PNG_SIZE.size
_SHEET_START = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{SHEET_MM[0]:g}mm" height="{SHEET_MM[1]:g}mm" '
    f'viewBox="0 0 {SHEET_MM[0]:g} {SHEET_MM[1]:g}">\n<rect width="100%" height="100%" fill="#fff"/>\n'
)


def code_text(row: Row) -> str:
    """What a label's code says."""
    return f"lepton:{row.id}?board={row.board}"


def chosen(register: Register, ids: Sequence[str]) -> tuple[Row, ...]:
    """The stations to label: those asked for, else all that are done.

    Raises:
        BadInputError: one is not in the ledger as done, or none is.
    """
    done = {row.id: row for row in register.done()}
    if missing := [one for one in ids if one not in done]:
        raise BadInputError(f"wanted stations that are done, found none called {', '.join(missing)} in the ledger")
    if not done:
        raise BadInputError("wanted stations that are done, found none in the ledger; provision one first")
    return tuple(done[one] for one in ids) if ids else tuple(done.values())


def sheets(rows: Sequence[Row]) -> list[str]:
    """One SVG for each sheet, in real millimetres: print without scaling."""
    return [_sheet(rows[start : start + PER_SHEET]) for start in range(0, len(rows), PER_SHEET)]


def code_picture(row: Row) -> bytes:
    """One code alone, as PNG with its quiet zone."""
    picture = BytesIO()
    _code(row).save(picture, kind="png", scale=_PNG_CELL_PX, border=_QUIET_CELLS)
    return picture.getvalue()


def is_label(head: bytes) -> bool:
    """Whether a file that begins so is a sheet of ours, or a code: black and white, as no photograph is."""
    if head.startswith(_PNG_START):
        width, height, depth, colours = _PNG_SIZE.unpack_from(head.ljust(_PNG_BYTES, b"\0"), len(_PNG_START))
        return width == height and (depth, colours) == (1, 0)
    return head.startswith(_SHEET_START.encode())


def _sheet(rows: Iterable[Row]) -> str:
    labels = "".join(_label(place, row) for place, row in enumerate(rows))
    return f"{_SHEET_START}{labels}</svg>\n"


def _label(place: int, row: Row) -> str:
    """One label at its place, row by row; the sheet's labels begin half a millimetre from its upper edge."""
    width, height = LABEL_MM
    left, top = place % COLUMNS * width, place // COLUMNS * height + (SHEET_MM[1] - ROWS * height) / 2
    size = min(6.0, 48.0 / max(len(row.id), 1))
    return (
        f'<g transform="translate({left:g} {top:g})" font-family="DejaVu Sans, Arial, sans-serif">\n'
        f"{_cells(row, (height - _CODE_MM) / 2)}"
        f'<text x="{_TEXT_LEFT_MM}" y="15" font-size="{size:.2f}" font-weight="bold">{escape(row.id)}</text>\n'
        f'<text x="{_TEXT_LEFT_MM}" y="22" font-size="2.0">chip {escape(row.board)}</text>\n'
        f'<text x="{_TEXT_LEFT_MM}" y="27" font-size="2.0">firmware {escape(row.firmware or "unknown")}</text>\n'
        f'<text x="{_TEXT_LEFT_MM}" y="32" font-size="2.0">{escape(row.time[:10])}</text>\n</g>\n'
    )


def _cells(row: Row, top_mm: float) -> str:
    """The code's dark runs as one path."""
    matrix = [list(line) for line in _code(row).matrix]
    cell = _CODE_MM / len(matrix)
    runs = []
    for y, line in enumerate(matrix):
        x = 0
        while x < len(line):
            length = 0
            while x + length < len(line) and line[x + length]:
                length += 1
            if length:
                runs.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length or 1
    return f'<path transform="translate({_CODE_LEFT_MM:g} {top_mm:g}) scale({cell:.5f})" d="{"".join(runs)}"/>\n'


def _code(row: Row) -> Any:
    try:
        import segno  # noqa: PLC0415 - only labels need it
    except ImportError as error:
        raise MissingExtraError(
            "wanted the Python package segno, found none: pip install 'lepton-edge[firmware]'"
        ) from error
    return segno.make(code_text(row), error="m", micro=False)
