"""What devices say of themselves: birth, online or not, health, conditions. The last word counts; no history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_contracts.alarm import Alarm
from edge_contracts.configuration import Reported
from edge_contracts.device import Birth, Presence, State, Status
from fleet_manager.store.configurations import reported
from fleet_manager.store.plain_text import plain_text
from fleet_manager.store.tables import alarms, boot_clocks, devices, states, statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Table

    from fleet_manager.arrival import Arrival


def note(con: Connection, insert: Callable[[Table], Any], said: Iterable[Arrival], now_ms: int) -> None:
    """Keep the last of each kind that each device said, in the order of the arrivals."""
    latest: dict[tuple[str, str], Arrival] = {}
    for one in said:
        latest.pop((one.topic, one.address), None)
        latest[one.topic, one.address] = one
    for one in latest.values():
        common = {"address": one.address, "site": one.site, "stored_ms": now_ms}
        if isinstance(one.content, Birth):
            _keep(con, insert(devices), _birth(one, one.content, now_ms))
            _keep_boot(con, insert(boot_clocks), one.address, one.content, now_ms)
        elif isinstance(one.content, Status):
            _keep_status(con, insert(statuses), one.content, common)
        elif isinstance(one.content, State):
            _keep(con, insert(states), {**common, "body": one.body.decode()})
        elif isinstance(one.content, Reported):
            _keep(con, insert(reported), {**common, "body": one.body.decode()})
        elif isinstance(one.content, Alarm):
            _keep(con, insert(alarms), {**common, **_alarm(one, one.content)}, "address", "type")


def _birth(one: Arrival, birth: Birth, now_ms: int) -> dict[str, Any]:
    return {
        "address": one.address,
        "site": one.site,
        "epoch": birth.epoch,
        "ack": birth.ack,
        "version": plain_text(birth.version),
        "birth": one.body.decode(),
        "born_ms": now_ms,
    }


def _alarm(one: Arrival, alarm: Alarm) -> dict[str, Any]:
    return {
        "type": alarm.type.value,
        "active": alarm.active,
        "severity": alarm.severity.value,
        "body": one.body.decode(),
    }


def _keep(con: Connection, statement: Any, row: dict[str, Any], *key: str) -> None:
    names = key or ("address",)
    changed = {name: statement.excluded[name] for name in row if name not in names}
    con.execute(statement.on_conflict_do_update(index_elements=names, set_=changed), row)


def _keep_boot(con: Connection, statement: Any, address: str, birth: Birth, now_ms: int) -> None:
    """A birth that a broker had kept is heard late, so the earliest word of a boot is the truest."""
    if birth.boot is None or birth.mono is None:
        return
    row = {"address": address, "boot": birth.boot, "zero_ms": now_ms - birth.mono}
    is_earlier = statement.excluded.zero_ms < boot_clocks.c.zero_ms
    changed = {"zero_ms": statement.excluded.zero_ms}
    con.execute(
        statement.on_conflict_do_update(index_elements=["address", "boot"], set_=changed, where=is_earlier), row
    )


def _keep_status(con: Connection, statement: Any, status: Status, common: dict[str, Any]) -> None:
    """A will of a session that another one followed says nothing of the present."""
    row = {**common, "status": status.status.value, "session": status.session}
    changed = {name: statement.excluded[name] for name in row if name != "address"}
    is_news = None if status.status is Presence.ONLINE else statuses.c.session <= status.session
    con.execute(statement.on_conflict_do_update(index_elements=["address"], set_=changed, where=is_news), row)
