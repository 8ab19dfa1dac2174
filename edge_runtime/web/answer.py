"""What strangers send, on its way in and out again: numbers of an address, texts that come back in an answer."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

_DIGITS_MAX = 18
"""A number of so many digits fits in 64 bits."""


class JsonAnswer(JSONResponse):
    """JSON in ASCII: a text out of a request may hold half a surrogate pair, which UTF-8 has no form for."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def whole_number(text: str, status: int, wanted: str) -> int:
    """A number of an address.

    Raises:
        HTTPException: with `status`, it is no number that anything here could have.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise HTTPException(status, f"wanted {wanted}, found {text[:20]!r}")
    return int(text)
