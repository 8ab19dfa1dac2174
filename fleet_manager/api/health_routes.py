"""Whether the manager lives, and whether it is ready for work; open to everybody, and saying no more than that.

Neither needs a thread or the database: they answer, too, while everything that does waits. What a manager waits for
names its broker and its parts: that is for those who may see alerts, not for strangers.
"""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter
from starlette.requests import Request

from fleet_manager.api.admission import guarded_router, open_to_everybody
from fleet_manager.api.authentication import authenticate
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import UNAVAILABLE
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Document
from fleet_manager.people.roles import Permission, permitted_sites

AGAIN_S: Final = "1"


class Alive(Document):
    """It answers."""

    status: Literal["alive"] = "alive"


class Ready(Document):
    """Alerts are heard, stored and followed by cases, counts and rules."""

    status: Literal["ready"] = "ready"


@open_to_everybody
async def healthz() -> Alive:
    """Whether the process answers; nothing else is looked at."""
    return Alive()


@open_to_everybody
async def readyz(services: ServicesNow, request: Request) -> Ready:
    """Whether alerts are heard, stored and followed; 503 where they are not, for a viewer with the reason."""
    waits_for = list(services.waits_for())
    if not waits_for:
        return Ready()
    if not await _may_know(request, services):
        detail = "wanted a manager that is ready, found that it is not: ask with a viewer's token for what"
        raise Problem(UNAVAILABLE, detail, {"Retry-After": AGAIN_S})
    detail = f"wanted a manager that is ready, found it waiting for {', '.join(waits_for)}: ask again"
    raise Problem(UNAVAILABLE, detail, {"Retry-After": AGAIN_S}, waits_for=waits_for)


def health_routes() -> APIRouter:
    """`/healthz` and `/readyz`."""
    routes = guarded_router("health", prefix="")
    routes.get("/healthz")(healthz)
    routes.get("/readyz")(readyz)
    return routes


async def _may_know(request: Request, services: Services) -> bool:
    try:
        principal = await authenticate(request, services.people.gate)
    except Problem:
        return False
    return bool(permitted_sites(principal.grants, Permission.SEE_ALERTS))
