"""Whatever goes wrong inside is logged in full and told outside in one sentence without details."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import FAULT
from fleet_manager.api.request_id import request_id

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger(__name__)


class FaultAnswer:
    """Stands outside of all routes; an answer that has begun is broken off, so that nobody takes half for all.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_seen(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_seen)
        except Exception:
            _LOG.exception("request %s: %s %r failed", request_id(scope), scope["method"], scope["path"])
            if has_begun:
                raise
            detail = "wanted to answer, found a fault of ours: its request is named here, look into the manager's log"
            await Problem(FAULT, detail).answer(scope)(scope, receive, send)
