"""What devices said of themselves last, read for the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from edge_contracts.alarm import Alarm
from edge_contracts.device import Birth, State
from fleet_manager.pages.reception import NotThere
from fleet_manager.people.roles import EVERYWHERE
from fleet_manager.store.tables import alarms, devices, states, statuses

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Engine, Table

    from fleet_manager.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device of a list.

    address: `org/site/device`. status: `online`, `offline`, or `unknown` where it never said.
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


def read_devices(engine: Engine, sites: Collection[str]) -> list[DeviceRow]:
    """Every device of these sites, `*` for all, in the order of their addresses."""
    with engine.connect() as con:
        born = con.execute(_at(select(devices.c.address, devices.c.site, devices.c.ack), devices, sites)).all()
        told = con.execute(_at(select(statuses.c.address, statuses.c.site, statuses.c.status), statuses, sites)).all()
        lasting = con.execute(
            _at(select(alarms.c.address, alarms.c.site, alarms.c.type).where(alarms.c.active), alarms, sites)
        ).all()
    status = {row.address: row.status for row in told}
    conditions: dict[str, list[str]] = {}
    for row in lasting:
        conditions.setdefault(row.address, []).append(row.type)
    known = {row.address: row.site for row in (*born, *told, *lasting)}
    trusting = {row.address for row in born if row.ack == "broker"}
    return [
        DeviceRow(
            one, known[one], status.get(one, "unknown"), one not in trusting, tuple(sorted(conditions.get(one, ())))
        )
        for one in sorted(known)
    ]


def read_device(engine: Engine, address: str) -> DeviceFile | None:
    """One device; None when it never said a word."""
    with engine.connect() as con:
        birth = _one(con, devices, address)
        status = _one(con, statuses, address)
        state = _one(con, states, address)
        query = select(alarms.c.body).where(alarms.c.address == address, alarms.c.active).order_by(alarms.c.type)
        lasting = tuple(Alarm.model_validate_json(body) for body in con.execute(query).scalars())
    if birth is None and status is None and state is None and not lasting:
        return None
    return DeviceFile(
        address,
        address.rpartition("/")[0],
        status.status if status else "unknown",
        Birth.model_validate_json(birth.birth) if birth else None,
        birth.born_ms if birth else None,
        State.model_validate_json(state.body) if state else None,
        state.stored_ms if state else None,
        lasting,
    )


def device_there(engine: Engine, visit: Visit) -> DeviceFile:
    """The device that a path names, for who may see it.

    Raises:
        NotThere: there is none, or not for them.
    """
    address = visit.request.path_params["address"]
    file = read_device(engine, address) if visit.viewer.sees(address.rpartition("/")[0]) else None
    if file is None:
        raise NotThere(f"wanted the device {address[:120]}, found none that you may see: look at the overview")
    return file


def _one(con: Connection, table: Table, address: str) -> Any:
    return con.execute(select(table).where(table.c.address == address)).one_or_none()


def _at(query: Any, table: Table, sites: Collection[str]) -> Any:
    return query if EVERYWHERE in sites else query.where(table.c.site.in_(sorted(sites)))
