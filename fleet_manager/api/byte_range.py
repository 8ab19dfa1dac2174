"""`Range` of a request, as far as a picture, a sound or a clip needs it: one range of bytes (RFC 9110, 14.2). Pure."""

from __future__ import annotations

import re
from typing import Final

_ONE: Final = re.compile(r"bytes=(\d{0,16})-(\d{0,16})", re.ASCII)


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one behind the last; None when all is wanted, or the header is none that we follow.

    Args:
        header: `Range`, None where there is none.
        size: bytes of the whole.
    """
    found = _ONE.fullmatch(header or "")
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    end = min(int(last) + 1, size) if last else size
    return int(first), end


def can_be_met(wanted: tuple[int, int], size: int) -> bool:
    """Whether there is a byte of it."""
    return wanted[0] < min(wanted[1], size)
