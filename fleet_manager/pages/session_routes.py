"""Coming and going: log-in, log-out, and the links by which a password is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import BadInputError, LeptonError
from fleet_manager.pages.browser_cookie import client_address, forget, keep
from fleet_manager.pages.form import read_form
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.own_origin import is_own
from fleet_manager.pages.own_path import own_path
from fleet_manager.pages.reception import LOGIN, told
from fleet_manager.people.gate import LogInRefused, TooManyAttempts
from fleet_manager.people.links import LINK_PATH, LinkOver
from fleet_manager.people.password_rules import RULE
from fleet_manager.store.database import asking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from fleet_manager.pages.log_in_page import LogInPage
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit
    from fleet_manager.people.assembly import People
    from fleet_manager.people.links import Link

_WRONG: Final = "Name and password do not fit together."


def session_routes(people: People, reception: Reception, page: LogInPage) -> list[Route]:
    """`/login`, `/logout`, and the page of links; a link's secret stands behind its # and is sent in a form alone."""
    entrance = _Entrance(people, reception, page)
    return [
        Route(LOGIN, entrance.log_in_page, methods=["GET"]),
        Route(LOGIN, entrance.log_in, methods=["POST"]),
        Route("/logout", reception.act(entrance.log_out), methods=["POST"]),
        Route(LINK_PATH, entrance.link_page, methods=["GET"]),
        Route(LINK_PATH, entrance.follow_link, methods=["POST"]),
    ]


class _Entrance:
    def __init__(self, people: People, reception: Reception, page: LogInPage) -> None:
        self._people, self._reception, self._page = people, reception, page

    async def log_in_page(self, request: Request) -> Response:
        return self._page.answer(own_path(request.query_params.get("next", "/")), is_out="out" in request.query_params)

    async def log_in(self, request: Request) -> Response:
        try:
            form = await _own_form(request)
        except LeptonError as err:
            return self._reception.problem(None, err)
        name, target = form.get("name", ""), own_path(form.get("next", "/"))
        password, address = form.get("password", ""), client_address(request)
        try:
            with asking():
                secret = await run_in_threadpool(self._people.gate.log_in, name, password, address)
        except (LogInRefused, BadInputError):
            return self._page.answer(target, name=name, problem=_WRONG, status=401)
        except TooManyAttempts as err:
            return self._page.answer(target, name=name, problem=told(err), status=429)
        except LeptonError as err:
            return self._page.answer(target, name=name, problem=told(err), status=503)
        return self._with_session(request, secret, target)

    def log_out(self, visit: Visit) -> Response:
        self._people.gate.log_out(visit.secret)
        return forget(RedirectResponse(f"{LOGIN}?out", 303, dict(PAGE_HEADERS)), visit.request)

    async def link_page(self, request: Request) -> Response:  # noqa: ARG002 - starlette's signature
        return self._drawn("open_link", 200, title="Follow a link")

    async def follow_link(self, request: Request) -> Response:
        try:
            form = await _own_form(request)
        except LeptonError as err:
            return self._reception.problem(None, err)
        return await run_in_threadpool(self._follow, request, form)

    def _follow(self, request: Request, form: Mapping[str, str]) -> Response:
        secret, password = form.get("secret", "").strip(), form.get("password")
        if password is None:
            return self._link_page(secret, form, None)
        try:
            if password != form.get("again"):
                raise BadInputError("wanted the same password twice, found two: type them again")
            name = form.get("name", "").strip().lower() or None
            with asking():
                followed = self._people.links.redeem(secret, password, name, client_address(request))
        except LinkOver:
            return self._link_page(secret, form, None)
        except LeptonError as err:
            return self._link_page(secret, form, told(err))
        return self._with_session(request, followed.session, "/")

    def _link_page(self, secret: str, form: Mapping[str, str], problem: str | None) -> Response:
        try:
            link = self._people.links.look(secret)
        except LinkOver as err:
            return self._drawn(
                "link", 410, title="This link is over", notice=Notice("problem", told(err)), usable=False
            )
        notice = Notice("problem", problem) if problem else None
        return self._drawn(
            "link", 422 if problem else 200, notice=notice, usable=True, secret=secret, **_words(link, form)
        )

    def _drawn(self, template: str, status: int, **values: object) -> Response:
        return HTMLResponse(self._reception.drawing.page(template, None, **values), status, dict(PAGE_HEADERS))

    def _with_session(self, request: Request, secret: str, target: str) -> Response:
        return keep(RedirectResponse(target, 303, dict(PAGE_HEADERS)), request, secret)


async def _own_form(request: Request) -> Mapping[str, str]:
    """A form that no page of another site sent here; there is no session yet that could prove more."""
    if not is_own(request.headers):
        raise BadInputError(
            "wanted a form of this manager, found one of another site: open the log-in yourself; "
            "a proxy in front must pass Host on as it came"
        )
    return await read_form(request)


def _words(link: Link, form: Mapping[str, str]) -> dict[str, object]:
    if link.name is None:
        about = "This manager has no admin yet. Whoever follows this link first becomes the admin of all sites."
        title, action = "Set up Lepton Edge", "Set up"
    else:
        about, title, action = "Choose the password of your account.", "Choose a password", "Keep it and log in"
    name = form.get("name", "") if link.name is None else link.name
    return {
        "title": title,
        "about": about,
        "action": action,
        "asks_name": link.name is None,
        "name": name,
        "rule": RULE,
    }
