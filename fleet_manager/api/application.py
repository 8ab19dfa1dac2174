"""The application: all routes behind one shell.

From the outside in: a name for the request, the access log, headers for browsers, an answer for whatever goes wrong, a
limit on headers, a look at the address, and then the routes, each of which lets in only whom it declares.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware import Middleware

from fleet_manager.api.access_log import AccessLog
from fleet_manager.api.admission import GuardedRoute
from fleet_manager.api.fault_answer import FaultAnswer
from fleet_manager.api.head_limit import head_problem
from fleet_manager.api.openapi_document import TITLE, VERSION, openapi_document
from fleet_manager.api.plain_address import address_problem
from fleet_manager.api.problem_answers import answer_with_problems
from fleet_manager.api.request_check import RequestCheck
from fleet_manager.api.request_id import RequestIds
from fleet_manager.api.routes import all_routes
from fleet_manager.api.security_headers import SecurityHeaders

if TYPE_CHECKING:
    from fleet_manager.api.services import Services


def create_app(services: Services) -> FastAPI:
    """The interface as an ASGI application, for uvicorn or for a larger one to forward `/v1`, `/healthz`, … to."""
    app = _Application(
        title=TITLE,
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(RequestIds, draw=services.draw),
            Middleware(AccessLog, monotonic_s=services.monotonic_s),
            Middleware(SecurityHeaders),
            Middleware(FaultAnswer),
            Middleware(RequestCheck, problem_of=head_problem),
            Middleware(RequestCheck, problem_of=address_problem),
        ],
    )
    app.state.services = services
    app.state.upload_places = asyncio.Semaphore(services.settings.uploads_at_once)
    app.router.routes.extend(all_routes())
    answer_with_problems(app)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = openapi_document([route for route in self.routes if isinstance(route, GuardedRoute)])
        return self.openapi_schema
