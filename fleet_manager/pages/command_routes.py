"""What the buttons of a device's page do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from fleet_manager.commands.command_log import Wish, give_command
from fleet_manager.pages.device_reading import device_there
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.overview import device_href
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from fleet_manager.pages.page_parts import PageParts
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit


def command_routes(parts: PageParts, reception: Reception, draw: Callable[[int], bytes] = os.urandom) -> list[Route]:
    """`/devices/…/commands`, for a form."""

    def give(visit: Visit) -> Response:
        file = device_there(parts.engine, visit, parts.unix_ms())
        wish = Wish(file.address, visit.form.get("name", ""))
        act = parts.people.audit.act(visit.principal, "send command", f"device:{file.address}", file.site, wish.name)
        with act as con:
            visit.principal.require(Permission.SEND_COMMANDS, file.site)
            give_command(con, wish, visit.principal.name, parts.unix_ms(), draw)
        return RedirectResponse(f"{device_href(file.address)}#commands", 303, dict(PAGE_HEADERS))

    return [Route("/devices/{address:path}/commands", reception.act(give), methods=["POST"])]
