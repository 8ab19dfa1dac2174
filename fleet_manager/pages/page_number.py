"""Where a list goes on: the number in its address. Pure."""

from __future__ import annotations

from typing import Final

from edge_contracts.errors import BadInputError

_DIGITS: Final = 16
"""Of 2^53, beyond which no number of ours lies."""


def page_number(text: str) -> int | None:
    """The number, None where there is none.

    Raises:
        BadInputError: it is no number of a list.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise BadInputError(f"wanted the number of an entry, found {text[:40]!r}: look at the list")
    return int(text)
