"""Bodies that are read whole are small and plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import TOO_LARGE, WRONG_MEDIA_TYPE

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Message, Receive

JSON: Final = "application/json"


def check_body(headers: Headers, limit: int) -> None:
    """Refuse by its headers what is no JSON, or too large.

    Raises:
        Problem: it is.
    """
    found = headers.get("Content-Type", "none").partition(";")[0].strip().lower()
    if found != JSON:
        raise Problem(WRONG_MEDIA_TYPE, f"wanted a body of {JSON}, found {found[:80]}: say Content-Type: {JSON}")
    check_encoding(headers)
    length = headers.get("Content-Length", "0")
    if length.isdecimal() and int(length) > limit:
        raise _too_large(limit)


def check_encoding(headers: Headers) -> None:
    """Refuse what is compressed: a small body could become a large one.

    Raises:
        Problem: it is.
    """
    encoding = headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        raise Problem(
            WRONG_MEDIA_TYPE, f"wanted a body as it is, found Content-Encoding {encoding[:80]!r}: send it plain"
        )


def bounded(receive: Receive, limit: int) -> Receive:
    """The same body, refused as soon as it is longer than `limit` bytes."""
    came = 0

    async def receive_bounded() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise _too_large(limit)
        return message

    return receive_bounded


def _too_large(limit: int) -> Problem:
    return Problem(TOO_LARGE, f"wanted a body of at most {limit} bytes, found more: send less at a time")
