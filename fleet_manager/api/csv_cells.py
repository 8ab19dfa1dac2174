"""Rows of a CSV file (RFC 4180, UTF-8) in which no spreadsheet finds a formula."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from fleet_manager.desk.formula import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """The rows, each with its line end; a text that begins as a formula does gets a `'` in front (OWASP)."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()
