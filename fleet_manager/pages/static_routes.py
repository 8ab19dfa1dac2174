"""The files of the pages, each with an address that changes with its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from fleet_manager.pages.headers import STATIC_HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request

    from fleet_manager.pages.static_files import StaticFiles


def static_routes(files: StaticFiles) -> list[Route]:
    """`/static/…`."""

    async def static(request: Request) -> Response:
        found = files.found(request.path_params["digest"], request.path_params["name"])
        if found is None:
            return Response("no such file of this version", 404, media_type="text/plain")
        return Response(found.content, 200, dict(STATIC_HEADERS), found.media_type)

    return [Route("/static/{digest}/{name}", static)]
