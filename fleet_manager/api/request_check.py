"""A look at a request before any route reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from fleet_manager.api.problem import Problem


class RequestCheck:
    """Answers what is refused, and lets the rest through.

    Args:
        app: what answers otherwise.
        problem_of: what is wrong with a request (its ASGI scope), None for nothing.
    """

    def __init__(self, app: ASGIApp, problem_of: Callable[[Scope], Problem | None]) -> None:
        self._app, self._problem_of = app, problem_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        answer = self._app
        if scope["type"] == "http" and (problem := self._problem_of(scope)) is not None:
            answer = problem.answer(scope)
        await answer(scope, receive, send)
