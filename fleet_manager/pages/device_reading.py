"""What devices said of themselves last, read for the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from edge_contracts.alarm import Alarm
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import EVERYWHERE
from fleet_manager.store.device_reading import heard_devices
from fleet_manager.store.device_reading import read_devices as read_each
from fleet_manager.store.tables import alarms

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from edge_contracts.device import Birth, State
    from fleet_manager.pages.visit import Visit
    from fleet_manager.store.device_reading import HeardDevice


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device of a list.

    address: `org/site/device`. status: `online`, `offline`, or `unknown` where nobody knows.
    is_proven: False where the broker, not the manager, acknowledges. alarms: types of the conditions that last.
    """

    address: str
    site: str
    status: str
    is_proven: bool = True
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """Everything that one device said last.

    born_ms, state_ms: when birth and state were stored. alarms: those that last.
    """

    address: str
    site: str
    status: str
    birth: Birth | None = None
    born_ms: int | None = None
    state: State | None = None
    state_ms: int | None = None
    alarms: tuple[Alarm, ...] = field(default=())


def read_devices(engine: Engine, sites: Collection[str], now_ms: int) -> list[DeviceRow]:
    """Every device of these sites, `*` for all, in the order of their addresses; `now_ms` is the wall clock."""
    with engine.connect() as con:
        found = heard_devices(con, sites)
    return [DeviceRow(one.address, one.site, _word(one, now_ms), one.is_proven, one.conditions) for one in found]


def read_device(engine: Engine, address: str, now_ms: int) -> DeviceFile | None:
    """One device; None when it never said a word."""
    with engine.connect() as con:
        found = next(read_each(con, frozenset({EVERYWHERE}), address=address), None)
        query = select(alarms.c.body).where(alarms.c.address == address, alarms.c.active).order_by(alarms.c.type)
        lasting = tuple(Alarm.model_validate_json(body) for body in con.execute(query).scalars())
    if found is None:
        return None
    heard = found.heard
    word = _word(heard, now_ms)
    return DeviceFile(address, heard.site, word, found.birth, heard.born_ms, found.state, heard.state_ms, lasting)


def device_there(engine: Engine, visit: Visit, now_ms: int) -> DeviceFile:
    """The device that a path names, for who may see it.

    Raises:
        NotThere: there is none, or not for them.
    """
    address = visit.request.path_params["address"]
    file = read_device(engine, address, now_ms) if visit.viewer.sees(address.rpartition("/")[0]) else None
    if file is None:
        raise NotThere(f"wanted the device {address[:120]}, found none that you may see: look at the overview")
    return file


def _word(one: HeardDevice, now_ms: int) -> str:
    found = one.presence(now_ms)
    return "unknown" if found is None else found.value
