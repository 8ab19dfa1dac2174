"""People and the audit log, for those who manage them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import LeptonError
from fleet_manager.pages.audit_page import AUDIT_PAGE, audit_page
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.page_number import page_number
from fleet_manager.pages.people_page import Draft, MadeLink, Regrant, grant_rows, grants_of, people_page
from fleet_manager.pages.reception import told
from fleet_manager.people.links import link_address
from fleet_manager.people.principal import NotAllowed
from fleet_manager.people.roles import Grant, Permission, Role, permitted_sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from fleet_manager.pages.page_parts import PageParts
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


def people_routes(parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> list[Route]:
    """`/people` with its steps, `/audit`."""
    office = _Office(parts, reception, known_sites)
    return [
        Route("/people", reception.page(office.everybody), methods=["GET"]),
        Route("/people", reception.act(office.invite), methods=["POST"]),
        Route("/people/{name}/grants", reception.act(office.regrant), methods=["POST"]),
        Route("/people/{name}/link", reception.act(office.link), methods=["POST"]),
        Route("/people/{name}/switch-on", reception.act(office.switch_on), methods=["POST"]),
        Route("/people/{name}/switch-off", reception.act(office.switch_off), methods=["POST"]),
        Route("/audit", reception.page(office.audit)),
    ]


class _Office:
    def __init__(self, parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> None:
        self._people, self._address = parts.people, parts.address
        self._reception, self._known_sites = reception, known_sites

    def everybody(self, visit: Visit) -> Response:
        visit.require_anywhere(Permission.MANAGE_PEOPLE)
        return self._page(visit)

    def invite(self, visit: Visit) -> Response:
        draft = Draft(
            visit.form.get("name", "").strip().lower(), visit.form.get("role", ""), visit.form.get("site", "")
        )
        try:
            self._people.accounts.make(visit.principal, draft.name, [Grant(draft.site, Role.from_word(draft.role))])
        except LeptonError as err:
            return self._refused(visit, err, draft)
        return self._with_link(visit, draft.name)

    def regrant(self, visit: Visit) -> Response:
        written = Regrant(_named(visit), grant_rows(visit.form))
        try:
            self._people.accounts.regrant(visit.principal, written.name, grants_of(written.rows))
        except LeptonError as err:
            return self._refused(visit, err, Draft(), written)
        return _again()

    def link(self, visit: Visit) -> Response:
        return self._with_link(visit, _named(visit))

    def switch_on(self, visit: Visit) -> Response:
        return self._done(visit, lambda: self._people.accounts.switch(visit.principal, _named(visit), is_enabled=True))

    def switch_off(self, visit: Visit) -> Response:
        return self._done(visit, lambda: self._people.accounts.switch(visit.principal, _named(visit), is_enabled=False))

    def audit(self, visit: Visit) -> Response:
        sites = visit.require_anywhere(Permission.SEE_AUDIT)
        before = page_number(visit.query.get("before", ""))
        page = audit_page(self._people.audit.page(sites, before, AUDIT_PAGE))
        return self._reception.drawn(visit, "audit", here="audit", page=page)

    def _done(self, visit: Visit, change: Callable[[], object]) -> Response:
        try:
            change()
        except LeptonError as err:
            return self._refused(visit, err, Draft())
        return _again()

    def _with_link(self, visit: Visit, name: str) -> Response:
        try:
            secret = self._people.links.invite(visit.principal, name)
        except LeptonError as err:
            return self._refused(visit, err, Draft())
        url = visit.request.url
        where = self._address or f"{url.scheme}://{url.netloc}"
        return self._page(visit, link=MadeLink(name, link_address(where, secret)))

    def _refused(self, visit: Visit, err: LeptonError, draft: Draft, written: Regrant | None = None) -> Response:
        if not permitted_sites(visit.principal.grants, Permission.MANAGE_PEOPLE):
            raise err
        status, notice = 403 if isinstance(err, NotAllowed) else 422, Notice("problem", told(err))
        return self._page(visit, status, notice, draft, written=written)

    def _page(
        self,
        visit: Visit,
        status: int = 200,
        notice: Notice | None = None,
        draft: Draft | None = None,
        link: MadeLink | None = None,
        written: Regrant | None = None,
    ) -> Response:
        everybody, known = self._people.accounts.everybody(), self._known_sites()
        page = people_page(everybody, visit.principal, known, draft or Draft(), link, written)
        return self._reception.drawn(visit, "people", status, here="people", notice=notice, page=page)


def _again() -> Response:
    return RedirectResponse("/people", 303, dict(PAGE_HEADERS))


def _named(visit: Visit) -> str:
    return str(visit.request.path_params["name"])
