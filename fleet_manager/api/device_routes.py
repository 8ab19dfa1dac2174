"""Devices: what each said of itself last, and its ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from edge_contracts.device import InspectionPoint, Presence, State
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.device_reading import read_devices
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Address, Document, Limit, SiteQuery, SlugPath, moment
from fleet_manager.people.roles import Permission
from fleet_manager.store.ledger import ledger

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller
    from fleet_manager.api.device_reading import DeviceReading


class Device(Document):
    """A board, as it told last.

    `status` is what it, or the broker in its name, said last; `state` is its health. Either is null where it never said
    anything of the kind.
    """

    address: str
    site: str
    status: Presence | None
    status_at: datetime | None
    born: datetime
    version: str
    hardware: str
    system: str
    epoch: str
    acknowledged_by: str
    certificate_end: datetime | None
    points: tuple[InspectionPoint, ...]
    state: State | None
    state_at: datetime | None


class DevicePage(Document):
    """Devices in the order of their addresses; `next` is the next page's `after`."""

    items: list[Device]
    next: str | None


class DeviceLedgerDocument(Document):
    """What became of everything that a device ever spooled.

    `lost` counts sequences that will never come, by reason; `missing` those that have not come yet. `is_proven` is
    false where the broker acknowledges, so that nobody knows what was lost behind the last alert.
    """

    address: str
    stored: int
    lost: dict[str, int]
    missing: int
    refused: int
    is_proven: bool
    sentence: str


def device_routes() -> APIRouter:
    """`/devices`, `/devices/{org}/{site}/{device}` and its `/ledger`."""
    routes = guarded_router("devices")

    @routes.get("/devices")
    @needs(Permission.SEE_ALERTS)
    def list_devices(
        caller: CallerNow,
        services: ServicesNow,
        site: SiteQuery = None,
        after: Annotated[Address | None, Query(description="`next` of the page before.")] = None,
        limit: Limit = 100,
    ) -> DevicePage:
        """Devices of the sites that the caller may see."""
        with services.engine.connect() as con:
            found = list(read_devices(con, caller.sites_of(site), after or "", limit + 1))
        items = [_document(one) for one in found[:limit]]
        return DevicePage(items=items, next=items[-1].address if len(found) > limit else None)

    @routes.get("/devices/{org}/{site}/{device}")
    @needs(Permission.SEE_ALERTS)
    def show_device(
        caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, device: SlugPath
    ) -> Device:
        """One device."""
        return _document(_found(caller, services, f"{org}/{site}/{device}"))

    @routes.get("/devices/{org}/{site}/{device}/ledger")
    @needs(Permission.SEE_ALERTS)
    def show_ledger(
        caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, device: SlugPath
    ) -> DeviceLedgerDocument:
        """What was stored of one device, and what was lost, why."""
        address = f"{org}/{site}/{device}"
        caller.check_site(f"{org}/{site}", f"the device {address}")
        found = ledger(services.engine, address)
        if not found:
            raise not_found(f"the device {address}")
        line = found[0]
        return DeviceLedgerDocument(
            address=address,
            stored=line.stored,
            lost={why.value: count for why, count in line.lost.items()},
            missing=line.missing,
            refused=line.refused,
            is_proven=line.proven,
            sentence=line.sentence(),
        )

    return routes


def _found(caller: Caller, services: Services, address: str) -> DeviceReading:
    site = address.rpartition("/")[0]
    caller.check_site(site, f"the device {address}")
    with services.engine.connect() as con:
        found = next(read_devices(con, frozenset({site}), address=address), None)
    if found is None:
        raise not_found(f"the device {address}")
    return found


def _document(one: DeviceReading) -> Device:
    return Device(
        address=one.address,
        site=one.site,
        status=one.status,
        status_at=None if one.status_ms is None else moment(one.status_ms),
        born=moment(one.born_ms),
        version=one.birth.version,
        hardware=one.birth.hardware,
        system=one.birth.system,
        epoch=one.birth.epoch,
        acknowledged_by=one.birth.ack,
        certificate_end=one.birth.certificate_end,
        points=one.birth.points,
        state=one.state,
        state_at=None if one.state_ms is None else moment(one.state_ms),
    )
