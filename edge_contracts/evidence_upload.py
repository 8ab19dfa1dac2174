"""How a piece of evidence goes to the manager: a resumable HTTPS PUT to an address made of its content.

What both sides say alike; docs/reference/evidence-upload.md tells the whole exchange.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from edge_contracts.errors import BadInputError
from edge_contracts.message import SEQ_MAX

ROUTE: Final = "/v1/evidence/"
"""Followed by the SHA-256 of the content, 64 lower-case hexadecimal digits."""
OFFSET: Final = "Upload-Offset"
"""Header of an answer: so many bytes, from the first on, are durable at the manager."""
DEVICE: Final = "Lepton-Device"
"""Header of a request: `org/site/device`."""
INCOMPLETE: Final = HTTPStatus.PERMANENT_REDIRECT
"""308 without a Location: go on from the offset."""
WRONG_PLACE: Final = HTTPStatus.CONFLICT
"""409: the bytes do not begin at the offset; nothing of them was kept."""
OTHER_CONTENT: Final = HTTPStatus.UNPROCESSABLE_ENTITY
"""422: the whole content has another SHA-256 than its address; all of it was thrown away."""
CAPABILITY: Final = "upload"
"""Named in the birth of a device that brings its evidence to the manager."""
MAX_EVIDENCE_BYTES: Final = 64 << 20
MAX_PORTION_BYTES: Final = 1 << 20
"""A sender puts at most so much into one request: what a proxy holds back, or a break costs, is no more."""

_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,16})-(\d{1,16})/(\d{1,16})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContentRange:
    """The bytes of one request, counted from 0, both ends included, of a content of `total` bytes."""

    first: int
    last: int
    total: int

    @property
    def length(self) -> int:
        """Bytes of the request's body."""
        return self.last - self.first + 1

    @property
    def header(self) -> str:
        """As `Content-Range` has it (RFC 9110, 14.4)."""
        return f"bytes {self.first}-{self.last}/{self.total}"


def parse_content_range(text: str) -> ContentRange:
    """Read a `Content-Range` header.

    Raises:
        BadInputError: it is not `bytes first-last/total` with first ≤ last < total.
    """
    if (found := _CONTENT_RANGE.fullmatch(text)) is None:
        raise BadInputError(f"wanted Content-Range: bytes first-last/total, found {text[:80]!r}")
    first, last, total = (int(number) for number in found.groups())
    if not first <= last < total <= SEQ_MAX:
        raise BadInputError(f"wanted first ≤ last < total in Content-Range, found {text!r}")
    return ContentRange(first, last, total)


def parse_offset(text: str | None) -> int | None:
    """Read an `Upload-Offset` header; None where there is none, or no number."""
    if text is None or not re.fullmatch(r"\d{1,16}", text, re.ASCII):
        return None
    return int(text)
