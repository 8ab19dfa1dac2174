"""The application: the guard in front, the routes behind it, and every error as a JSON sentence."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from edge_runtime.web.alike_routes import alike_routes
from edge_runtime.web.answer import JsonAnswer
from edge_runtime.web.guard import Guard
from edge_runtime.web.health_routes import health_routes
from edge_runtime.web.lesson_routes import lesson_routes
from edge_runtime.web.live_routes import live_routes
from edge_runtime.web.open_inference.routes import open_inference_routes
from edge_runtime.web.page_routes import page_routes
from edge_runtime.web.recording_routes import recording_routes
from edge_runtime.web.sensitivity_routes import sensitivity_routes
from edge_runtime.web.upload_routes import upload_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from edge_runtime.web.desk import Desk
    from edge_runtime.web.open_inference.long_json import RequestReader

_log = logging.getLogger(__name__)


def build_app(desk: Desk, reader: RequestReader) -> ASGIApp:
    """What the server serves; `reader` reads the requests for inference."""
    routes = [
        *page_routes(desk),
        *live_routes(desk),
        *upload_routes(desk),
        *sensitivity_routes(desk),
        *lesson_routes(desk),
        *alike_routes(desk),
        *recording_routes(desk),
        *health_routes(desk),
        *open_inference_routes(desk, reader),
    ]
    handlers = {HTTPException: _told, Exception: _failed}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), desk.access)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    sentence = error.detail
    if error.status_code in {404, 405} and sentence in {"Not Found", "Method Not Allowed"}:
        sentence = f"wanted one of this page's addresses, found {request.method} {request.url.path[:80]}"
    return JsonAnswer({"error": sentence}, error.status_code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path[:80], exc_info=error)
    return JsonAnswer({"error": f"a fault of the page's own ({type(error).__name__}); the log has it"}, 500)
