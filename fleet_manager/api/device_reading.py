"""Devices as the database has them: the last birth, status and health of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from edge_contracts.device import Birth, Presence, State
from fleet_manager.people.roles import EVERYWHERE
from fleet_manager.store.tables import devices, states, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One device; times are when the manager stored it, milliseconds since 1970-01-01 UTC.

    status, state: None where it never said anything of the kind.
    """

    address: str
    site: str
    birth: Birth
    born_ms: int
    status: Presence | None
    status_ms: int | None
    state: State | None
    state_ms: int | None


def read_devices(
    con: Connection, sites: frozenset[str], after: str = "", limit: int | None = None, address: str | None = None
) -> Iterator[DeviceReading]:
    """Devices in the order of their addresses, read along them.

    Args:
        con: a connection that reads.
        sites: those whose devices are wanted; `*` for all.
        after: only addresses behind this one.
        limit: at most so many; None for all.
        address: one device alone.
    """
    query = (
        select(
            devices,
            statuses.c.status,
            statuses.c.stored_ms.label("status_ms"),
            states.c.body.label("state"),
            states.c.stored_ms.label("state_ms"),
        )
        .outerjoin_from(devices, statuses, statuses.c.address == devices.c.address)
        .outerjoin(states, states.c.address == devices.c.address)
        .where(devices.c.address > after)
        .order_by(devices.c.address)
        .limit(limit)
    )
    if EVERYWHERE not in sites:
        query = query.where(devices.c.site.in_(sorted(sites)))
    if address is not None:
        query = query.where(devices.c.address == address)
    for row in con.execute(query):
        yield DeviceReading(
            address=row.address,
            site=row.site,
            birth=Birth.model_validate_json(row.birth),
            born_ms=row.born_ms,
            status=None if row.status is None else Presence(row.status),
            status_ms=row.status_ms,
            state=None if row.state is None else State.model_validate_json(row.state),
            state_ms=row.state_ms,
        )
