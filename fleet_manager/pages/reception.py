"""Between requests and pages: who comes is known, a form is one of our own, every error is a page.

Refusals are told in the words of whoever refused; what went wrong inside is logged and told in one sentence.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from edge_contracts.errors import BadInputError, LeptonError, RefusedError
from fleet_manager.desk.handling import AlertChanged, NoSuchAlert
from fleet_manager.pages.browser_cookie import kept
from fleet_manager.pages.form import read_form
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.own_path import own_path
from fleet_manager.pages.viewer import viewer_of
from fleet_manager.pages.visit import REFRESH, Handler, Visit
from fleet_manager.people.csrf import csrf_fits, csrf_token
from fleet_manager.people.passwords import TooBusy
from fleet_manager.people.principal import NotAllowed
from fleet_manager.store.database import StoreUnavailable, asking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request

    from fleet_manager.pages.drawing import Drawing
    from fleet_manager.people.gate import Gate

LOGIN: Final = "/login"
_log = logging.getLogger(__name__)


class FormRefused(RefusedError):
    """A form that no page of this session made."""


class NotThere(BadInputError):
    """No page, or none that this person may see."""


_STATUS: Final[tuple[tuple[type[LeptonError], int, str], ...]] = (
    (NotAllowed, 403, "Not allowed"),
    (NotThere, 404, "Nothing there"),
    (NoSuchAlert, 404, "Nothing there"),
    (AlertChanged, 409, "Somebody was faster"),
    (StoreUnavailable, 503, "Not just now"),
    (TooBusy, 503, "Not just now"),
    (BadInputError, 422, "Not understood"),
    (RefusedError, 409, "Not possible"),
    (LeptonError, 500, "A fault"),
)
"""The first that fits."""


class Reception:
    """Receives every request for a page.

    Args:
        gate: knows sessions.
        drawing: the templates.
        waits_for: why alerts are not heard or stored just now; every page says so.
    """

    def __init__(self, gate: Gate, drawing: Drawing, waits_for: Callable[[], Sequence[str]]) -> None:
        self._gate, self.drawing, self._waits_for = gate, drawing, waits_for

    def page(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A page that is looked at, by somebody with a session; what it asks again by itself is no use of that."""

        async def look(request: Request) -> Response:
            return await self._received(request, handler, {}, is_use=REFRESH not in request.headers)

        return look

    def act(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """What a form does, sent by a page of the same session."""

        async def send(request: Request) -> Response:
            try:
                form = await read_form(request)
            except BadInputError as err:
                return self.problem(None, err)
            return await self._received(request, handler, form)

        return send

    def drawn(self, visit: Visit, template: str, status: int = 200, **values: object) -> Response:
        """A page, drawn for who visits."""
        values = {"waits_for": self._waits_for(), **values}
        return HTMLResponse(self.drawing.page(template, visit.viewer, **values), status, dict(PAGE_HEADERS))

    def problem(self, visit: Visit | None, err: LeptonError) -> Response:
        """The page that an error of the house is."""
        status, title = next((code, name) for kind, code, name in _STATUS if isinstance(err, kind))
        notice = Notice("problem", told(err))
        values = {"title": title, "notice": notice, "back": "/"}
        if visit is None:
            return HTMLResponse(self.drawing.page("refusal", None, **values), status, dict(PAGE_HEADERS))
        values["back"] = visit.request.headers.get("referer") or "/"
        return self.drawn(visit, "problem", status, **values)

    def visitor(self, request: Request, form: Mapping[str, str], *, is_use: bool = True) -> Visit | None:
        """Who has the session of a request; None for nobody. Reads the database."""
        secret = kept(request)
        principal = self._gate.person(secret, is_use=is_use) if secret else None
        if principal is None:
            return None
        viewer = viewer_of(principal.name, principal.grants, csrf_token(secret))
        return Visit(request, principal, viewer, secret, form)

    async def _received(
        self, request: Request, handler: Handler, form: Mapping[str, str], *, is_use: bool = True
    ) -> Response:
        visit: Visit | None = None
        try:
            with asking():
                visit = await run_in_threadpool(self.visitor, request, form, is_use=is_use)
                if visit is None:
                    return to_login(request)
                if request.method == "POST" and not csrf_fits(visit.secret, form.get("csrf", "")):
                    raise FormRefused(
                        "wanted a form of this session, found another: load the page again and send it once more"
                    )
                return await run_in_threadpool(handler, visit)
        except LeptonError as err:
            return self.problem(visit, err)


def to_login(request: Request) -> Response:
    """Send a stranger to the log-in, and from there back to where they wanted to go, or have a page open."""
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if is_open := request.headers.get("hx-current-url"):
        where = own_path("/" + is_open.partition("://")[2].partition("/")[2])
    href = LOGIN if request.method != "GET" or where == "/" else f"{LOGIN}?next={quote(where, safe='/')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={**PAGE_HEADERS, "HX-Redirect": href})
    return RedirectResponse(href, 303, dict(PAGE_HEADERS))


def told(err: LeptonError) -> str:
    """An error for people on a page: what a database says of itself is for the log."""
    if isinstance(err, StoreUnavailable):
        _log.error("the store did not answer a page: %s", err)
        return "The manager's store is busy or away: try again in a moment."
    text = str(err)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
