"""Every device that the database knows of: what it said last, and whether it is heard. One reader for all faces.

A device is known by whatever it ever said, were it refused: one whose birth was never understood has a ledger, and
belongs beside the others.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import false, or_, select, union

from edge_contracts.device import Birth, Presence, State
from fleet_manager.store.tables import alarms, devices, gap_ranges, progress, refused, states, statuses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import ColumnElement, Connection, Table

STALE_S: Final = 180
"""A state is told every 30 s; after six of them nothing came."""
_ALL: Final = "*"
_SPEAKERS: Final = (devices, statuses, states, alarms)
_LEDGERS: Final = (progress, gap_ranges, refused)
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class HeardDevice:
    """One device, as far as a list shows it; times are when the manager stored it, milliseconds since 1970 UTC.

    said: online or offline, as it or the broker in its name said last. ack: who acknowledges its alerts.
    conditions: types of the alarms that last. Each is None or empty where it never said anything of the kind.
    """

    address: str
    said: Presence | None = None
    said_ms: int | None = None
    ack: str | None = None
    born_ms: int | None = None
    state_ms: int | None = None
    conditions: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """`org/site`."""
        return self.address.rpartition("/")[0]

    @property
    def is_proven(self) -> bool:
        """Whether the ledger's word can be proven: not where the broker, not the manager, acknowledges."""
        return self.ack != "broker"

    def presence(self, now_ms: int) -> Presence | None:
        """Whether it is online; None where nobody knows.

        A broker that is killed says no will, and an ingest that stands still hears nothing: who said to be online and
        has told nothing for `STALE_S` is not online, it is unknown. By either clock: the manager's own may be set back.
        """
        if self.said is not Presence.ONLINE:
            return self.said
        heard = [at_ms for at_ms in (self.said_ms, self.state_ms) if at_ms is not None]
        is_fresh = any(abs(now_ms - at_ms) < STALE_S * _MS for at_ms in heard)
        return Presence.ONLINE if is_fresh else None


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One device with everything that it said of itself."""

    heard: HeardDevice
    birth: Birth | None
    state: State | None


def known_sites(con: Connection) -> list[str]:
    """Sites of which a device has announced itself, in order."""
    return list(con.execute(select(devices.c.site).distinct().order_by(devices.c.site)).scalars())


def heard_devices(con: Connection, sites: Collection[str]) -> list[HeardDevice]:
    """Every device of these sites, `*` for all, in the order of their addresses."""
    conditions = _conditions(con, sites)
    query = _joined(sites, None, devices.c.ack, devices.c.born_ms, states.c.stored_ms.label("state_ms"))
    return [_heard(row, conditions.get(row.address, ())) for row in con.execute(query)]


def read_devices(
    con: Connection, sites: Collection[str], after: str = "", limit: int | None = None, address: str | None = None
) -> Iterator[DeviceReading]:
    """Devices with their births and states, in the order of their addresses.

    Args:
        con: a connection that reads.
        sites: those whose devices are wanted; `*` for all.
        after: only addresses behind this one.
        limit: at most so many; None for all.
        address: one device alone.
    """
    columns = (
        devices.c.ack,
        devices.c.born_ms,
        devices.c.birth,
        states.c.stored_ms.label("state_ms"),
        states.c.body.label("state"),
    )
    query = _joined(sites, address, *columns)
    known = query.selected_columns.address
    for row in con.execute(query.where(known > after).limit(limit)):
        yield DeviceReading(
            _heard(row, ()),
            None if row.birth is None else Birth.model_validate_json(row.birth),
            None if row.state is None else State.model_validate_json(row.state),
        )


def _joined(sites: Collection[str], address: str | None, *columns: Any) -> Any:
    parts = [_known(table, table.c.site.in_(sorted(sites)), sites, address) for table in _SPEAKERS]
    parts += [_known(table, _within(table, sites), sites, address) for table in _LEDGERS]
    known = union(*parts).subquery("known")
    return (
        select(known.c.address, statuses.c.status, statuses.c.stored_ms.label("said_ms"), *columns)
        .select_from(known)
        .outerjoin(devices, devices.c.address == known.c.address)
        .outerjoin(statuses, statuses.c.address == known.c.address)
        .outerjoin(states, states.c.address == known.c.address)
        .order_by(known.c.address)
    )


def _known(table: Table, is_there: ColumnElement[bool], sites: Collection[str], address: str | None) -> Any:
    query = select(table.c.address).where(table.c.address != "")
    if _ALL not in sites:
        query = query.where(is_there)
    return query if address is None else query.where(table.c.address == address)


def _within(table: Table, sites: Collection[str]) -> ColumnElement[bool]:
    """These tables have no column for the site; a name holds no character that LIKE would read as more than itself."""
    return or_(false(), *(table.c.address.startswith(f"{site}/", autoescape=True) for site in sorted(sites)))


def _conditions(con: Connection, sites: Collection[str]) -> dict[str, list[str]]:
    query = select(alarms.c.address, alarms.c.type).where(alarms.c.active).order_by(alarms.c.type)
    if _ALL not in sites:
        query = query.where(alarms.c.site.in_(sorted(sites)))
    found: defaultdict[str, list[str]] = defaultdict(list)
    for address, kind in con.execute(query):
        found[address].append(kind)
    return found


def _heard(row: Any, conditions: Collection[str]) -> HeardDevice:
    return HeardDevice(
        row.address,
        None if row.status is None else Presence(row.status),
        row.said_ms,
        row.ack,
        row.born_ms,
        row.state_ms,
        tuple(conditions),
    )
