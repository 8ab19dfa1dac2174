"""The cookie that a session is known by: for no script, for no other site's forms, over TLS for TLS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def keep_session(answer: Response, request: Request, cookie: str, secret: str) -> Response:
    """The answer with the session's secret in it."""
    is_tls = request.url.scheme == "https"
    answer.set_cookie(cookie, secret, httponly=True, samesite="lax", secure=is_tls, path="/")
    return answer


def client_address(request: Request) -> str:
    """Where a request comes from, as guesses at passwords are counted."""
    return request.client.host if request.client else "unknown"
