"""The page of a device's configuration, and what its forms do; for engineers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from edge_contracts.errors import BadInputError
from fleet_manager.configuration.revisions import (
    ConfigurationRefused,
    Draft,
    check_draft,
    find_revision,
    keep_draft,
    list_revisions,
    read_reported,
)
from fleet_manager.pages.configuration_page import SHOWN, Written, configuration_page
from fleet_manager.pages.device_reading import device_there
from fleet_manager.pages.headers import PAGE_HEADERS
from fleet_manager.pages.overview import device_href
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import Permission

if TYPE_CHECKING:
    from starlette.responses import Response

    from fleet_manager.pages.device_reading import DeviceFile
    from fleet_manager.pages.page_parts import PageParts
    from fleet_manager.pages.reception import Reception
    from fleet_manager.pages.visit import Visit

_DIGITS: Final = 16


def configuration_routes(parts: PageParts, reception: Reception) -> list[Route]:
    """`/devices/…/configuration`, with its forms."""
    desk = _ConfigurationDesk(parts, reception)
    path = "/devices/{address:path}/configuration"
    return [
        Route(path, reception.page(desk.look), methods=["GET"]),
        Route(path, reception.act(desk.save), methods=["POST"]),
        Route(f"{path}/restore", reception.act(desk.restore), methods=["POST"]),
    ]


class _ConfigurationDesk:
    def __init__(self, parts: PageParts, reception: Reception) -> None:
        self._parts, self._reception = parts, reception

    def look(self, visit: Visit) -> Response:
        file = self._device(visit)
        visit.principal.require(Permission.CHANGE_CONFIGURATION, file.site)
        return self._page(visit, file)

    def save(self, visit: Visit) -> Response:
        file = self._device(visit)
        text = visit.form.get("text", "").replace("\r\n", "\n")
        draft = Draft(file.address, text, visit.form.get("note", "").strip(), _number(visit.form.get("after", "")))
        try:
            return self._kept(visit, draft)
        except ConfigurationRefused as err:
            return self._page(visit, file, 422, Written(text, draft.note, err.problems))

    def restore(self, visit: Visit) -> Response:
        file, number = self._device(visit), _number(visit.form.get("revision", ""))
        visit.principal.require(Permission.CHANGE_CONFIGURATION, file.site)
        with self._parts.engine.connect() as con:
            found = find_revision(con, file.address, number)
        if found is None:
            raise NotThere(f"wanted revision {number} of {file.address}, found none: load the page again")
        note = f"back to revision {number}"
        return self._kept(visit, Draft(file.address, found.text, note, _number(visit.form.get("after", ""))))

    def _kept(self, visit: Visit, draft: Draft) -> Response:
        on, audit = f"device:{draft.address}", self._parts.people.audit
        if visit.principal.may(Permission.CHANGE_CONFIGURATION, draft.site):
            check_draft(draft)
        with audit.act(visit.principal, "change configuration", on, draft.site, draft.note) as con:
            visit.principal.require(Permission.CHANGE_CONFIGURATION, draft.site)
            keep_draft(con, draft, visit.principal.name, self._parts.unix_ms())
        return RedirectResponse(f"{device_href(draft.address)}/configuration", 303, dict(PAGE_HEADERS))

    def _device(self, visit: Visit) -> DeviceFile:
        return device_there(self._parts.engine, visit, self._parts.unix_ms())

    def _page(self, visit: Visit, file: DeviceFile, status: int = 200, written: Written | None = None) -> Response:
        with self._parts.engine.connect() as con:
            revisions = list_revisions(con, file.address, limit=SHOWN + 1)
            said = read_reported(con, file.address)
        page = configuration_page(file, revisions, said, self._parts.public_key, written)
        return self._reception.drawn(visit, "configuration", status, here="overview", page=page)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS:
        raise BadInputError(f"wanted the number of a revision, found {text[:40]!r}: load the page again")
    return int(text)
