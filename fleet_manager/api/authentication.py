"""Who sent a request: a program by its token, or a person by the session in their cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import NO_CSRF_TOKEN, NOT_LOGGED_IN
from fleet_manager.people.cookie_names import SESSION, cookie_name
from fleet_manager.people.csrf import csrf_fits

if TYPE_CHECKING:
    from starlette.requests import Request

    from fleet_manager.people.gate import Gate
    from fleet_manager.people.principal import Principal

CSRF_HEADER: Final = "X-CSRF-Token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REALM: Final = 'Bearer realm="lepton"'


async def authenticate(request: Request, gate: Gate) -> Principal:
    """Who asks; a token that came along counts alone, also where a cookie came with it.

    Args:
        request: its headers are read, its body is not.
        gate: knows tokens and sessions.

    Raises:
        Problem: nobody that is known, or a browser was sent here by a page that is not ours.
    """
    told = request.headers.get("Authorization")
    if told is not None:
        return await _program(told, gate)
    secret = request.cookies.get(cookie_name(SESSION, is_tls=request.url.scheme == "https"))
    if secret is None:
        raise _stranger("wanted a token or a session, found neither: send 'Authorization: Bearer …', or log in")
    person = await run_in_threadpool(gate.person, secret)
    if person is None:
        raise _stranger("wanted a session that lasts, found it over: log in again")
    if request.method not in SAFE and not csrf_fits(secret, request.headers.get(CSRF_HEADER, "")):
        wanted = f"wanted the session's own {CSRF_HEADER}"
        raise Problem(NO_CSRF_TOKEN, f"{wanted}, found none or another: load the page again")
    return person


async def _program(told: str, gate: Gate) -> Principal:
    scheme, _, token = told.partition(" ")
    if scheme.lower() != "bearer":
        raise _stranger("wanted 'Authorization: Bearer …', found another scheme: send an API token")
    program = await run_in_threadpool(gate.program, token.strip())
    if program is None:
        found = "found one that has ended, was revoked or never was: make another"
        raise _stranger(f"wanted an API token that is good, {found}", ', error="invalid_token"')
    return program


def _stranger(detail: str, more: str = "") -> Problem:
    return Problem(NOT_LOGGED_IN, detail, {"WWW-Authenticate": _REALM + more})
