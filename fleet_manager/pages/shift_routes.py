"""When the shifts of a site begin, for those who may change its configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import BadInputError
from fleet_manager.desk.shift_plans import save_shifts, shifts_of
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.notice import Notice
from fleet_manager.pages.reception import NotThere, told
from fleet_manager.pages.shifts_page import lines_of, lines_sent, plan_of, shifts_page
from fleet_manager.people.roles import EVERYWHERE, Permission, check_site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine
    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.shifts_page import ShiftLine
    from fleet_manager.pages.visit import Visit
    from fleet_manager.people.audit import AuditLog


def shift_routes(
    engine: Engine, audit: AuditLog, reception: Reception, known_sites: Callable[[], list[str]]
) -> list[Route]:
    """`/shifts`."""
    desk = _ShiftDesk(engine, audit, reception, known_sites)
    return [
        Route("/shifts", reception.page(desk.show), methods=["GET"]),
        Route("/shifts", reception.act(desk.save), methods=["POST"]),
    ]


class _ShiftDesk:
    def __init__(
        self, engine: Engine, audit: AuditLog, reception: Reception, known_sites: Callable[[], list[str]]
    ) -> None:
        self._engine, self._audit, self._reception, self._known_sites = engine, audit, reception, known_sites

    def show(self, visit: Visit) -> Response:
        sites = self._sites(visit)
        site = visit.query.get("site") or (sites[0] if sites else "")
        if not site:
            return self._page(visit, sites, "", "", ())
        self._check(visit, site)
        with self._engine.connect() as con:
            plan = shifts_of(con, site)
        notice = Notice("done", "The shifts are kept.") if "kept" in visit.query else None
        return self._page(visit, sites, site, plan.zone, lines_of(plan), notice=notice)

    def save(self, visit: Visit) -> Response:
        site, zone = visit.form.get("site", ""), visit.form.get("zone", "").strip()
        lines = lines_sent(visit.form)
        self._check(visit, site)
        try:
            plan = plan_of(zone, lines)
        except BadInputError as err:
            notice = Notice("problem", told(err))
            return self._page(visit, self._sites(visit), site, zone, lines, status=422, notice=notice)
        with self._audit.act(visit.principal, "change shifts", f"site:{site}", site) as con:
            save_shifts(con, site, plan)
        return RedirectResponse(f"/shifts?site={quote(site)}&kept", 303, dict(PAGE_HEADERS))

    def _sites(self, visit: Visit) -> list[str]:
        mine = visit.require_anywhere(Permission.CHANGE_CONFIGURATION)
        return sorted(self._known_sites() if EVERYWHERE in mine else mine)

    @staticmethod
    def _check(visit: Visit, site: str) -> None:
        check_site(site)
        if site == EVERYWHERE or not visit.viewer.sees(site):
            raise NotThere(f"wanted the shifts of {site}, found no such site that you may see: look at the overview")
        visit.principal.require(Permission.CHANGE_CONFIGURATION, site)

    def _page(
        self,
        visit: Visit,
        sites: Sequence[str],
        site: str,
        zone: str,
        lines: Sequence[ShiftLine],
        *,
        status: int = 200,
        notice: Notice | None = None,
    ) -> Response:
        page = shifts_page(sites, site, zone, lines)
        return self._reception.drawn(visit, "shifts", status, here="shifts", notice=notice, page=page)
