"""Each request has a name, in its answer, in the access log and in a problem's `instance`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Request-Id"
NAME_BYTES: Final = 8
_FOREIGN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY: Final = "lepton_request_id"


class RequestIds:
    """Gives names; one that came along and is short and plain is kept.

    Args:
        app: what answers.
        draw: random bytes: `os.urandom`.
    """

    def __init__(self, app: ASGIApp, draw: Callable[[int], bytes]) -> None:
        self._app, self._draw = app, draw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        came = Headers(scope=scope).get(HEADER, "")
        name = came if _FOREIGN.fullmatch(came) else self._draw(NAME_BYTES).hex()
        scope[_KEY] = name

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        await self._app(scope, receive, send_named)


def request_id(scope: Scope) -> str:
    """The name of a request; `unnamed` outside of the shell."""
    return str(scope.get(_KEY, "unnamed"))
