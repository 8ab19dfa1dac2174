"""No control character in an address: PostgreSQL stores no NUL, and no page or program of ours sends another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import MALFORMED, NOT_FOUND

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class PlainAddress:
    """Refuses path and query that hold one, before any route reads them.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        answer = self._app
        if scope["type"] == "http" and (problem := _problem(scope)) is not None:
            answer = problem.answer(scope)
        await answer(scope, receive, send)


def _problem(scope: Scope) -> Problem | None:
    if _CONTROL.search(scope["path"].encode("utf-8", "surrogateescape")):
        return Problem(NOT_FOUND, "wanted an address that there is, found one with a control character: look at it")
    if _CONTROL.search(unquote_to_bytes(scope.get("query_string") or b"")):
        return Problem(MALFORMED, "wanted a query of plain text, found a control character: leave it out")
    return None
