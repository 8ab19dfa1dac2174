"""`/cases` and `/cases/{number}`, with its one step; the step and its entry in the audit log are one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from fleet_manager.desk.cases import NoSuchCase, acknowledge_case, case_alerts, case_cursor, find_case, list_cases
from fleet_manager.pages.cases_page import ALL, DAYS, acknowledged_notice, case_view, cases_page
from fleet_manager.pages.choices import sites_wanted
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.page_number import page_number
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from fleet_manager.desk.cases import CaseLine
    from fleet_manager.pages.page_parts import PageParts
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit

_DAY_MS: Final = 86_400_000


def case_routes(parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> list[Route]:
    """The list, one case, and seeing to all of its alerts at once."""
    desk = _CaseDesk(parts, reception, known_sites)
    return [
        Route("/cases", reception.page(desk.cases)),
        Route("/cases/{number}", reception.page(desk.case), methods=["GET"]),
        Route("/cases/{number}/acknowledge", reception.act(desk.acknowledge), methods=["POST"]),
    ]


class _CaseDesk:
    def __init__(self, parts: PageParts, reception: Reception, known_sites: Callable[[], list[str]]) -> None:
        self._parts, self._reception, self._known_sites = parts, reception, known_sites

    def cases(self, visit: Visit) -> Response:
        seen = visit.require_anywhere(Permission.SEE_ALERTS)
        sites, since_ms = sites_wanted(visit.query.get("site", ""), seen), self._parts.unix_ms() - DAYS * _DAY_MS
        only_open, before = visit.query.get("show") != ALL, case_cursor(visit.query.get("before", ""))
        with self._parts.engine.connect() as con:
            found = list_cases(con, sites, since_ms, only_open=only_open, before=before)
        known = [site for site in self._known_sites() if visit.viewer.sees(site)]
        page = cases_page(visit.query, found, known, lambda site: visit.principal.may(Permission.ACKNOWLEDGE, site))
        return self._reception.drawn(visit, "cases", here="cases", page=page)

    def case(self, visit: Visit) -> Response:
        line = self._line(visit)
        with self._parts.engine.connect() as con:
            found = case_alerts(con, line.case, page_number(visit.query.get("before", "")))
        may = visit.principal.may(Permission.ACKNOWLEDGE, line.case.kind.site)
        notice = acknowledged_notice(visit.query.get("acknowledged", ""))
        page = case_view(line, found, may_acknowledge=may)
        return self._reception.drawn(visit, "case", here="cases", notice=notice, page=page)

    def acknowledge(self, visit: Visit) -> Response:
        case = self._line(visit).case
        who, site = visit.principal, case.kind.site
        with self._parts.people.audit.act(who, "acknowledge case", f"case:{case.id}", site) as con:
            who.require(Permission.ACKNOWLEDGE, site)
            done = acknowledge_case(con, case, who.name, self._parts.unix_ms())
        return RedirectResponse(f"/cases/{case.id}?acknowledged={len(done)}", 303, dict(PAGE_HEADERS))

    def _line(self, visit: Visit) -> CaseLine:
        number = page_number(visit.request.path_params["number"]) or 0
        seen = sites_wanted("", visit.viewer.sites)
        try:
            with self._parts.engine.connect() as con:
                return find_case(con, number, seen)
        except NoSuchCase as err:
            raise NotThere(str(err)) from err
