"""Coming in by an identity provider: there, back with a code, and out of it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import LeptonError
from fleet_manager.pages.browser_cookie import client_address, forget, keep, kept
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.own_path import own_path
from fleet_manager.pages.pending_log_in import LASTS_S, begin_log_in, pending_log_in
from fleet_manager.pages.reception import told
from fleet_manager.people.cookie_names import LOG_IN
from fleet_manager.people.identity_provider import DONE_PATH, ProofRefused, ProviderAway
from fleet_manager.people.provider_log_in import NotLetIn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from fleet_manager.pages.log_in_page import LogInPage
    from fleet_manager.people.provider_door import ProviderDoor

THERE: Final = "/login/oidc"
OUT: Final = "/login/oidc/out"
_AWAY: Final = "{} does not answer. Log in with a password of this manager, or try again in a moment."
_NOT_OURS: Final = "This log-in was not begun here, or too long ago: begin it again."
_NO_PROOF: Final = "{} did not prove who you are: log in again. The manager's log says why."
_log = logging.getLogger(__name__)


def provider_routes(door: ProviderDoor | None, page: LogInPage) -> list[Route]:
    """`/login/oidc…`; nothing where no provider is named."""
    if door is None:
        return []
    way = _Way(door, page)
    return [Route(THERE, way.there), Route(DONE_PATH, way.back), Route(OUT, way.out)]


class _Way:
    def __init__(self, door: ProviderDoor, page: LogInPage) -> None:
        self._door, self._page = door, page

    async def there(self, request: Request) -> Response:
        pending = begin_log_in(own_path(request.query_params.get("next", "/")), os.urandom)
        secrets = (pending.state, pending.nonce, pending.verifier)
        try:
            address = await run_in_threadpool(self._door.provider.address, *secrets)
        except ProviderAway as err:
            return self._failed(request, err, _AWAY, 503)
        return keep(RedirectResponse(address, 303, dict(PAGE_HEADERS)), request, pending.text(), LOG_IN, LASTS_S)

    async def back(self, request: Request) -> Response:
        return forget(await run_in_threadpool(self._let_in, request), request, LOG_IN)

    async def out(self, request: Request) -> Response:
        try:
            address = await run_in_threadpool(self._door.provider.end_address)
        except ProviderAway as err:
            return self._failed(request, err, _AWAY, 503)
        return RedirectResponse(address or "/login", 303, dict(PAGE_HEADERS))

    def _let_in(self, request: Request) -> Response:
        asked = request.query_params
        pending = pending_log_in(kept(request, LOG_IN))
        if pending is None or not pending.fits(asked.get("state", "")):
            return self._page.answer("/", problem=_NOT_OURS, status=400)
        try:
            code = _code(asked, self._door.provider.issuer)
            claims = self._door.provider.claims(code, pending.nonce, pending.verifier)
            secret = self._door.log_in.log_in(claims, client_address(request))
        except NotLetIn as err:
            return self._page.answer(pending.target, problem=told(err), status=403)
        except ProviderAway as err:
            return self._failed(request, err, _AWAY, 503)
        except ProofRefused as err:
            return self._failed(request, err, _NO_PROOF, 401)
        except LeptonError as err:
            return self._page.answer(pending.target, problem=told(err), status=503)
        return keep(RedirectResponse(own_path(pending.target), 303, dict(PAGE_HEADERS)), request, secret)

    def _failed(self, request: Request, err: LeptonError, words: str, status: int) -> Response:
        """What the provider said is for the log; a person is told what to do."""
        _log.warning("log-in from %s by %s: %s", client_address(request), self._door.name, err)
        return self._page.answer(
            "/", problem=words.format(self._door.name[:1].upper() + self._door.name[1:]), status=status
        )


def _code(asked: Mapping[str, str], issuer: str) -> str:
    """What the provider sent the browser back with; `iss` is RFC 9207's."""
    if asked.get("iss", issuer) != issuer:
        raise ProofRefused(f"wanted an answer of {issuer}, found one of {asked['iss'][:200]!r}: log in again")
    if "code" not in asked:
        raise ProofRefused(f"wanted a code of {issuer}, found {asked.get('error', 'none')[:80]!r}: log in again")
    return asked["code"]
