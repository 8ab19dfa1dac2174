"""A limit on a request's headers, whatever server stands in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import HEAD_TOO_LARGE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_HEADERS: Final = 100
HEAD_BYTES: Final = 16 << 10
"""The address with its query, and all names and values of headers."""


class HeadLimit:
    """Refuses what is larger.

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
    headers = scope["headers"]
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    size += sum(len(name) + len(value) for name, value in headers)
    if len(headers) <= MOST_HEADERS and size <= HEAD_BYTES:
        return None
    wanted = f"wanted at most {MOST_HEADERS} headers of {HEAD_BYTES} bytes with the address"
    return Problem(HEAD_TOO_LARGE, f"{wanted}, found {len(headers)} of {size} bytes: send less")
