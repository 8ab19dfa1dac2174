"""The cookies that the pages keep in a browser: for no script, for no other site's forms, over TLS for TLS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.people.cookie_names import SESSION, cookie_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def kept(request: Request, stem: str = SESSION) -> str:
    """What a browser brings in a cookie; empty where it brings none."""
    return request.cookies.get(cookie_name(stem, is_tls=_is_tls(request)), "")


def keep(answer: Response, request: Request, text: str, stem: str = SESSION, lasts_s: int | None = None) -> Response:
    """The answer with a cookie in it, of so many seconds or until the browser ends."""
    is_tls = _is_tls(request)
    name = cookie_name(stem, is_tls=is_tls)
    answer.set_cookie(name, text, lasts_s, httponly=True, samesite="lax", secure=is_tls, path="/")
    return answer


def forget(answer: Response, request: Request, stem: str = SESSION) -> Response:
    """The answer by which a browser drops a cookie."""
    is_tls = _is_tls(request)
    name = cookie_name(stem, is_tls=is_tls)
    answer.delete_cookie(name, path="/", secure=is_tls, httponly=True, samesite="lax")
    return answer


def client_address(request: Request) -> str:
    """Where a request comes from, as guesses at passwords are counted."""
    return request.client.host if request.client else "unknown"


def _is_tls(request: Request) -> bool:
    return request.url.scheme == "https"
