"""The interface's own description, for programs that read it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from fleet_manager.api.admission import guarded_router, open_to_everybody


@open_to_everybody
async def openapi(request: Request) -> dict[str, Any]:
    """This document."""
    document: dict[str, Any] = request.app.openapi()
    return document


def openapi_routes() -> APIRouter:
    """`/openapi.json`."""
    routes = guarded_router("description")
    routes.get("/openapi.json")(openapi)
    return routes
