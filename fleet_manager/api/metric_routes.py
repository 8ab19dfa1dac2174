"""`/metrics` for Prometheus; the devices of the sites that the caller's token may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, is_everywhere
from fleet_manager.api.metric_text import MEDIA_TYPE, metric_text
from fleet_manager.api.metrics import METRICS, Reading
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.people.roles import Permission
from fleet_manager.store.device_reading import read_devices
from fleet_manager.store.ledger import shortfalls
from fleet_manager.store.tables import alerts, identity, minutes, refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fleet_manager.api.caller import Caller


@needs(Permission.SEE_ALERTS)
def metrics(caller: CallerNow, services: ServicesNow) -> Response:
    """Every metric of docs/reference/manager-metrics.md."""
    return Response(metric_text(METRICS, _reading(caller, services)), media_type=MEDIA_TYPE)


def metric_routes() -> APIRouter:
    """`/metrics`."""
    routes = guarded_router("health", prefix="")
    text = {"description": "Text exposition format 0.0.4.", "content": {"text/plain": {"schema": {"type": "string"}}}}

    routes.get("/metrics", response_class=Response, responses={200: text})(metrics)
    return routes


def _reading(caller: Caller, services: Services) -> Reading:
    with services.engine.connect() as con:
        began_s = services.monotonic_s()
        con.execute(select(identity.c.one)).all()
        database_s = services.monotonic_s() - began_s
        sees_all = is_everywhere(caller.sites)
        return Reading(
            devices=tuple(read_devices(con, caller.sites)),
            shortfalls=shortfalls(con, None if sees_all else caller.sites),
            alerts=_alerts(con) if sees_all else None,
            refused=_refused(con) if sees_all else None,
            minutes=con.execute(select(func.count()).select_from(minutes)).scalar_one() if sees_all else None,
            database_s=database_s,
            is_ready=not services.waits_for(),
            desk=services.desk(),
            now_ms=services.unix_ms(),
        )


def _alerts(con: Connection) -> int:
    """The highest number that an alert has: nobody counts a million rows for a scrape."""
    return int(con.execute(select(func.max(alerts.c.id))).scalar() or 0)


def _refused(con: Connection) -> int:
    return int(con.execute(select(func.sum(refused.c.times))).scalar() or 0)
