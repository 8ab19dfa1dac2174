"""Rows of a CSV file (RFC 4180, UTF-8) in which no spreadsheet finds a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """The rows, each with its line end; a text that begins as a formula does gets a `'` in front (OWASP)."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _harmless(cell: object) -> object:
    return _GUARD + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
