"""One line per request, for the log: who, what, how it ended, how long it took; never a query, a body or a secret."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fleet_manager.api.request_id import request_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGGER: Final = "fleet_manager.access"
_WHO: Final = "lepton_who"
_LONGEST_PATH: Final = 200


class AccessLog:
    """Writes the lines.

    Args:
        app: what answers.
        monotonic_s: seconds that never go back.
    """

    def __init__(self, app: ASGIApp, monotonic_s: Callable[[], float]) -> None:
        self._app, self._monotonic_s = app, monotonic_s
        self._log = logging.getLogger(LOGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = self._monotonic_s()
        status, sent = 0, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, sent
            status = message.get("status", status)
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            took_ms = (self._monotonic_s() - began_s) * 1000
            path = quote(scope["path"][:_LONGEST_PATH])
            self._log.info(
                "%s %s %s %d, %d bytes, %.1f ms, %s, %s",
                request_id(scope), scope["method"], path, status, sent, took_ms, _client(scope), who(scope),
            )  # fmt: skip


def note_who(scope: Scope, name: str) -> None:
    """Tell the log who asks."""
    scope[_WHO] = name


def who(scope: Scope) -> str:
    """Who asked, as far as is known."""
    return str(scope.get(_WHO, "nobody"))


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
