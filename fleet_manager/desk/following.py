"""Reading all alerts once, in their order, behind the ingest and never in its way.

How far a reader has come is a row that moves in the transaction that holds what the reader made of the alerts. So a
killed manager repeats nothing and skips nothing, and of several managers that follow at once one wins each step: the
row moves from where it was found, or the step is thrown away.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy import select, update

from fleet_manager.desk.followed_alert import followed_alert, followed_columns
from fleet_manager.desk.row_by_row import take_rows
from fleet_manager.desk.settled import settled_id
from fleet_manager.desk.tables import followers
from fleet_manager.store.database import writing
from fleet_manager.store.dialect_insert import insert_into
from fleet_manager.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from fleet_manager.desk.followed_alert import FollowedAlert

STEP: Final = 500
"""Alerts of one step: some ten milliseconds in which SQLite takes no other write."""


class Reader(Protocol):
    """Makes something of alerts, each of which it sees once.

    name: of its row; a new name begins with the first alert.
    """

    name: str

    def take(self, con: Connection, found: Sequence[FollowedAlert]) -> None:
        """Write what these alerts change, on a connection that writes."""


def follow(
    engine: Engine,
    reader: Reader,
    wait: Callable[[float], object],
    leave: Callable[[str, Exception], object],
    step: int = STEP,
) -> int:
    """One step; how many alerts it took, 0 where there was none or another manager took them.

    Args:
        engine: the database.
        reader: takes the alerts in.
        wait: waits for so many seconds.
        leave: is told of an alert that the reader cannot take; the step goes past it.
        step: alerts at most.

    Raises:
        Unsettled: somebody writes alerts and does not end.
        StoreUnavailable: the database takes nothing just now; the step is repeated by the next call.
    """
    with engine.connect() as con:
        last = settled_id(con, wait)
        done = _come_to(con, reader.name)
        new = (alerts.c.id > done, alerts.c.id <= last)
        query = followed_columns().where(*new).order_by(alerts.c.id).limit(step)
        found = [followed_alert(row) for row in con.execute(query)] if last > done else []
    if not found:
        return 0
    with writing(engine) as con:
        if not _moved(con, reader.name, done, found[-1].id):
            return 0
        take_rows(con, found, partial(reader.take, con), lambda one, err: leave(f"alert {one.id}", err))
    return len(found)


def _come_to(con: Connection, name: str) -> int:
    return int(con.execute(select(followers.c.alert_id).where(followers.c.name == name)).scalar() or 0)


def _moved(con: Connection, name: str, done: int, now: int) -> bool:
    """Whether the row stood where it was found, and stands at `now` from here on."""
    if done == 0:
        con.execute(insert_into(con, followers).values(name=name, alert_id=0).on_conflict_do_nothing())
    found = (followers.c.name == name, followers.c.alert_id == done)
    return con.execute(update(followers).where(*found).values(alert_id=now)).rowcount == 1
