"""The overview of sites, and one device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from fleet_manager.pages.alert_item import alert_item
from fleet_manager.pages.alert_reading import last_alerts, open_alerts
from fleet_manager.pages.choices import sites_wanted
from fleet_manager.pages.device_page import device_page
from fleet_manager.pages.device_reading import read_device, read_devices
from fleet_manager.pages.overview import overview_of
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import EVERYWHERE
from fleet_manager.store.ledger import ledger, shortfalls
from fleet_manager.store.quarantine import refused_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine
    from starlette.responses import Response

    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


def overview_routes(engine: Engine, reception: Reception, unix_ms: Callable[[], int]) -> list[Route]:
    """`/` and `/devices/…`."""

    def overview(visit: Visit) -> Response:
        site = visit.query.get("site") or None
        found = sites_wanted(site or "", visit.viewer.sites)
        sites = frozenset({EVERYWHERE} if found is None else found)
        devices = read_devices(engine, sites)
        if site is not None and not devices:
            raise NotThere(f"wanted the devices of {site[:80]}, found none that you may see: look at the overview")
        with engine.connect() as con:
            missed, refused = shortfalls(con), refused_count(con, found)
        page = overview_of(devices, missed, open_alerts(engine, sites), site, refused)
        return reception.drawn(visit, "overview", here="overview", page=page)

    def device(visit: Visit) -> Response:
        address = visit.request.path_params["address"]
        site = address.rpartition("/")[0]
        file = read_device(engine, address) if visit.viewer.sees(site) else None
        if file is None:
            raise NotThere(f"wanted the device {address[:120]}, found none that you may see: look at the overview")
        rows = [alert_item(line, may_acknowledge=False) for line in last_alerts(engine, address)]
        known = next(iter(ledger(engine, address)), None)
        page = device_page(file, known, rows, unix_ms())
        return reception.drawn(visit, "device", here="overview", page=page)

    return [Route("/", reception.page(overview)), Route("/devices/{address:path}", reception.page(device))]
