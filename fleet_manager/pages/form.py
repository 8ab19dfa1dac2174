"""What a form of ours sends: a few short texts, read whole, never more than a bound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MOST_BYTES: Final = 64 << 10
MOST_FIELDS: Final = 128
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""All but tabulator and the ends of lines: no page sends one, and PostgreSQL stores no NUL."""
_KIND: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields by name; of several with one name the last.

    Raises:
        BadInputError: it is no form, or larger than any of ours.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise BadInputError(f"wanted a form as {_KIND}, found {kind[:80] or 'nothing'}: load the page again")
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            raise BadInputError(f"wanted a form of at most {MOST_BYTES} bytes, found more: write less")
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as err:
        raise BadInputError("wanted a form, found what cannot be read as one: load the page again") from err
    if any(_CONTROL.search(text) for field in fields for text in field):
        raise BadInputError("wanted a form of plain text, found a control character: write it without")
    return dict(fields)
