"""Texts that a spreadsheet would run, and how they are kept from it (OWASP, CSV injection)."""

from __future__ import annotations

from typing import Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_GUARD: Final = "'"


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula; one that begins with the guard itself gets another."""
    return _GUARD + text if text.startswith((*FORMULA_STARTS, _GUARD)) else text
