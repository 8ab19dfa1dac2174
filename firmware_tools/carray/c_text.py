"""Pieces of C99 text: the same values give the same characters, and no bundle's text can end a comment or a string."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

C_TYPES = {
    "int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t", "int64": "int64_t",
    "float32": "float", "bool": "uint8_t",
}  # fmt: skip
_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    bool catch class delete false friend namespace new operator private protected public template this throw true try
    typename using virtual main
"""
LONGEST_NAME = 31
"""Characters that C99 promises to tell apart in a name that other files see."""

_PLAIN = re.compile(r"[ !#-\[\]-~]")
_ROW = 12
_NAME_ROOM = 12


def require_name(name: str) -> str:
    """A word that C and C++ take as the beginning of every name.

    Raises:
        BadInputError: it is none, is too long, or means something in the language.
    """
    if name in _KEYWORDS.split():
        raise BadInputError(f"wanted a name for C, found {name!r}, which is a word of C or C++; give another")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or "__" in name:
        raise BadInputError(
            f"wanted a name for C such as 'part_model' (small letters, digits, single underscores), found {name!r}"
        )
    if len(name) > LONGEST_NAME - _NAME_ROOM:
        raise BadInputError(f"wanted a name of at most {LONGEST_NAME - _NAME_ROOM} letters, found {name!r}")
    return name


def string(text: str) -> str:
    """A string literal with the text's UTF-8 bytes; each byte that is not plain stands as three octal digits."""
    shown = "".join(chr(byte) if _PLAIN.match(chr(byte)) else f"\\{byte:03o}" for byte in text.encode())
    return f'"{shown.replace("??", "?" + chr(92) + "077")}"'


def comment(text: str) -> str:
    """Text that may stand in a comment."""
    plain = "".join(letter if letter.isprintable() and letter.isascii() else "?" for letter in text)
    return plain.replace("*/", "* /").replace("/*", "/ *").rstrip("\\")


def real(value: float) -> str:
    """A float32 constant that reads back as exactly that float32.

    Raises:
        BadInputError: it is no number.
    """
    if not math.isfinite(value):
        raise BadInputError(f"wanted numbers in the bundle, found {value}; make the bundle again")
    shown = f"{value:.9g}"
    return f"{shown}f" if {".", "e"} & set(shown) else f"{shown}.0f"


def integer(value: int) -> str:
    """A constant of a whole number; the smallest ones have no literal of their own."""
    if value == -(1 << 31):
        return "(-2147483647 - 1)"
    if value == -(1 << 63):
        return "(-9223372036854775807LL - 1)"
    suffix = "LL" if abs(value) > (1 << 31) - 1 else ""
    return f"({value}{suffix})" if value < 0 else f"{value}{suffix}"


def rows(items: Iterable[str], per_row: int = _ROW) -> str:
    """The inside of an initialiser: so many items in each row."""
    listed: Sequence[str] = list(items)
    lines = (listed[start : start + per_row] for start in range(0, len(listed), per_row))
    return ",\n".join("    " + ", ".join(line) for line in lines) + "\n"


def data_rows(content: bytes) -> str:
    """Bytes as the inside of an initialiser."""
    return rows(f"0x{byte:02x}" for byte in content)


def defines(pairs: Iterable[tuple[str, str]]) -> str:
    """Macros, one per line, their values in one column."""
    listed = list(pairs)
    width = max((len(name) for name, _ in listed), default=0)
    return "".join(f"#define {name.ljust(width)} {value}\n" for name, value in listed)
