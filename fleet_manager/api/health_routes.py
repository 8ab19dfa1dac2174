"""Whether the manager lives, and whether it is ready for work; open to everybody, and saying no more than that."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter

from fleet_manager.api.admission import guarded_router, open_to_everybody
from fleet_manager.api.problem import Problem
from fleet_manager.api.problem_kinds import UNAVAILABLE
from fleet_manager.api.services import ServicesNow
from fleet_manager.api.wire_values import Document

AGAIN_S: Final = "1"


class Alive(Document):
    """It answers."""

    status: Literal["alive"] = "alive"


class Ready(Document):
    """Alerts are heard, stored and followed by cases, counts and rules."""

    status: Literal["ready"] = "ready"


def health_routes() -> APIRouter:
    """`/healthz` and `/readyz`."""
    routes = guarded_router("health", prefix="")

    @routes.get("/healthz")
    @open_to_everybody
    async def healthz() -> Alive:
        """Whether the process answers; nothing else is looked at."""
        return Alive()

    @routes.get("/readyz")
    @open_to_everybody
    def readyz(services: ServicesNow) -> Ready:
        """Whether alerts are heard, stored and followed; 503 with what is waited for where they are not."""
        waits_for = list(services.waits_for())
        if waits_for:
            detail = f"wanted a manager that is ready, found it waiting for {', '.join(waits_for)}: ask again"
            raise Problem(UNAVAILABLE, detail, {"Retry-After": AGAIN_S}, waits_for=waits_for)
        return Ready()

    return routes
