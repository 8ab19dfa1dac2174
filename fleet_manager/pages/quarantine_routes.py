"""`/quarantine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from fleet_manager.pages.choices import sites_wanted
from fleet_manager.pages.quarantine_page import quarantine_view
from fleet_manager.people.roles import Permission
from fleet_manager.store.quarantine import Mark, quarantine

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


def quarantine_routes(engine: Engine, reception: Reception) -> list[Route]:
    """Messages that were refused and kept."""

    def refused(visit: Visit) -> Response:
        sites = sites_wanted("", visit.require_anywhere(Permission.SEE_ALERTS))
        before = Mark.from_text(visit.query["before"]) if visit.query.get("before") else None
        with engine.connect() as con:
            page = quarantine_view(quarantine(con, sites, before))
        return reception.drawn(visit, "quarantine", here="quarantine", page=page)

    return [Route("/quarantine", reception.page(refused))]
