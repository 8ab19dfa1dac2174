"""Devices: what each said of itself last, and its ledger."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query

from edge_contracts.device import InspectionPoint, Presence, State
from fleet_manager.api.admission import guarded_router, needs
from fleet_manager.api.caller import CallerNow, not_found
from fleet_manager.api.services import Services, ServicesNow
from fleet_manager.api.wire_values import Address, Document, Limit, SiteQuery, SlugPath, moment
from fleet_manager.people.roles import Permission
from fleet_manager.store.device_reading import read_devices
from fleet_manager.store.ledger import ledger

if TYPE_CHECKING:
    from fleet_manager.api.caller import Caller
    from fleet_manager.store.device_reading import DeviceReading


class Device(Document):
    """A board, as it told last.

    `status` is `online` where it said so and told something within the last 180 s, `offline` where it, or the broker
    in its name, said so, and null where nobody knows. `state` is its health. `born` and what follows it are null, and
    `points` empty, where no birth of it was understood; then it is here by its ledger.
    """

    address: str
    site: str
    status: Presence | None
    status_at: datetime | None
    born: datetime | None
    version: str | None
    hardware: str | None
    system: str | None
    epoch: str | None
    acknowledged_by: str | None
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
    now_ms = services.unix_ms()
    items = [_document(one, now_ms) for one in found[:limit]]
    return DevicePage(items=items, next=items[-1].address if len(found) > limit else None)


@needs(Permission.SEE_ALERTS)
def show_device(caller: CallerNow, services: ServicesNow, org: SlugPath, site: SlugPath, device: SlugPath) -> Device:
    """One device."""
    return _document(_found(caller, services, f"{org}/{site}/{device}"), services.unix_ms())


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


def device_routes() -> APIRouter:
    """`/devices`, `/devices/{org}/{site}/{device}` and its `/ledger`."""
    routes = guarded_router("devices")
    routes.get("/devices")(list_devices)
    routes.get("/devices/{org}/{site}/{device}")(show_device)
    routes.get("/devices/{org}/{site}/{device}/ledger")(show_ledger)
    return routes


def _found(caller: Caller, services: Services, address: str) -> DeviceReading:
    site = address.rpartition("/")[0]
    caller.check_site(site, f"the device {address}")
    with services.engine.connect() as con:
        found = next(read_devices(con, frozenset({site}), address=address), None)
    if found is None:
        raise not_found(f"the device {address}")
    return found


def _document(one: DeviceReading, now_ms: int) -> Device:
    heard, birth = one.heard, one.birth
    return Device(
        address=heard.address,
        site=heard.site,
        status=heard.presence(now_ms),
        status_at=_at(heard.said_ms),
        born=_at(heard.born_ms),
        version=birth and birth.version,
        hardware=birth and birth.hardware,
        system=birth and birth.system,
        epoch=birth and birth.epoch,
        acknowledged_by=birth and birth.ack,
        certificate_end=birth and birth.certificate_end,
        points=birth.points if birth else (),
        state=one.state,
        state_at=_at(heard.state_ms),
    )


def _at(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else moment(unix_ms)
