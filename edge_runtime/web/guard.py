"""In front of every route: is the page called by its own name, by its own pages, by somebody who may?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edge_runtime.web.access import is_loopback
from edge_runtime.web.answer import JsonAnswer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from edge_runtime.web.access import Access

COOKIE: Final = "lepton_session"
LOGIN: Final = "/login"
HEALTH: Final = "/healthz"
_OPEN: Final = (LOGIN, "/static/")
_SAFE: Final = frozenset({"GET", "HEAD"})
_FOREIGN: Final = frozenset({"cross-site", "same-site"})
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Wraps the application.

    Args:
        app: what answers those who may come in.
        access: tokens, sessions and names.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(Request(scope))
        answer = self._app if refusal is None else refusal
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        return self._strange_name(request) or self._foreign_page(request) or self._stranger(request)

    def _strange_name(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if self._access.knows_host(host):
            return None
        return _no(421, f"wanted this board's own name or address, found Host {host[:80]!r}; add it to [web] names")

    def _foreign_page(self, request: Request) -> Response | None:
        """What another site's page makes a browser send; programs send neither header."""
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
        if origin is not None and not self._access.is_own_origin(origin, request.headers.get("host", "")):
            return _no(403, f"wanted a request from this page, found one from {origin[:80]!r}")
        follows_a_link = request.method in _SAFE and request.headers.get("sec-fetch-mode") == "navigate"
        if site in _FOREIGN and not follows_a_link:
            return _no(403, f"wanted a request from this page, found a {site} one")
        return None

    def _stranger(self, request: Request) -> Response | None:
        path = request.url.path
        if not self._access.wants_token or path.startswith(_OPEN):
            return None
        if path == HEALTH and request.client is not None and is_loopback(request.client.host):
            return None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._access.token_fits(token.strip()):
            return None
        if self._access.session_is_open(request.cookies.get(COOKIE, "")):
            return None
        if request.method in _SAFE and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(LOGIN, 303)
        refusal = _no(401, "wanted the token, found none or a wrong one; send 'Authorization: Bearer …' or log in")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal


def _no(status: int, sentence: str) -> JsonAnswer:
    return JsonAnswer({"error": sentence}, status)
