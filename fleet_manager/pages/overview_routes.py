"""The overview of sites, and one device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from fleet_manager.commands.command_log import list_commands
from fleet_manager.pages.alert_item import alert_item
from fleet_manager.pages.alert_reading import last_alerts, open_alerts
from fleet_manager.pages.choices import sites_wanted
from fleet_manager.pages.command_panel import SHOWN, command_panel
from fleet_manager.pages.device_page import device_page
from fleet_manager.pages.device_reading import device_there, read_devices
from fleet_manager.pages.overview import overview_of
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import EVERYWHERE, Permission
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
        devices = read_devices(engine, sites, unix_ms())
        if site is not None and not devices:
            raise NotThere(f"wanted the devices of {site[:80]}, found none that you may see: look at the overview")
        with engine.connect() as con:
            missed, refused = shortfalls(con, found), refused_count(con, found)
        page = overview_of(devices, missed, open_alerts(engine, sites), site, refused)
        return reception.drawn(visit, "overview", here="overview", page=page, nothing=_nothing(visit))

    def device(visit: Visit) -> Response:
        now_ms = unix_ms()
        file = device_there(engine, visit, now_ms)
        rows = [alert_item(line, may_acknowledge=False) for line in last_alerts(engine, file.address)]
        known = next(iter(ledger(engine, file.address)), None)
        with engine.connect() as con:
            given = list_commands(con, file.address, limit=SHOWN)
        may_send = visit.principal.may(Permission.SEND_COMMANDS, file.site)
        panel = command_panel(file, given, now_ms, may_send=may_send)
        page = device_page(file, known, rows, now_ms)
        return reception.drawn(visit, "device", here="overview", page=page, panel=panel)

    return [Route("/", reception.page(overview)), Route("/devices/{address:path}", reception.page(device))]


def _nothing(visit: Visit) -> str:
    """What is said where no device is shown: nobody may see one, or none is there."""
    sites = visit.viewer.sites
    if not sites:
        return "You may see no site yet: ask an admin for a role."
    if EVERYWHERE in sites:
        return "No device has announced itself yet: point the [uplink] of a station at this site's broker."
    named = ", ".join(sorted(sites))
    return f"You may see {named}, and no device there has announced itself. Is the name right? Else ask an admin."
