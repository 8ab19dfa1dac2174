"""A browser that asks for an address that there is not gets a page; programs get a problem document, as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from fleet_manager.pages.reception import NotThere

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit

_LOST: Final = (404, 405)
"""No such address, or one that takes forms alone: it stands in the browser after a form was refused."""
_OF_PROGRAMS: Final = "/v1/"


def answer_lost_browsers(app: FastAPI, reception: Reception) -> None:
    """Teach an application whose errors are problem documents to answer browsers with a page instead."""
    as_problem = app.exception_handlers[HTTPException]

    async def of_http(request: Request, err: Exception) -> Response:
        if _is_lost_browser(request, err):
            return await nothing(request)
        answer = as_problem(request, err)
        return answer if isinstance(answer, Response) else await answer

    nothing = reception.page(_nothing)
    app.add_exception_handler(HTTPException, of_http)


def _is_lost_browser(request: Request, err: Exception) -> bool:
    is_lost = isinstance(err, HTTPException) and err.status_code in _LOST
    is_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return is_lost and is_browser and not request.url.path.startswith(_OF_PROGRAMS)


def _nothing(visit: Visit) -> Response:
    raise NotThere(f"wanted the page {visit.request.url.path[:120]}, found none: begin at the overview")
