"""What every page says on top while alerts are not heard or not stored: asked again by each open page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


def waiting_routes(reception: Reception) -> list[Route]:
    """`/waits-for`, a piece of a page."""

    def waits(visit: Visit) -> Response:
        return reception.drawn(visit, "waits_for")

    return [Route("/waits-for", reception.page(waits), methods=["GET"])]
