"""What the live view and the overview read of alerts: by number, down an index, a bounded number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from edge_contracts.device import Birth
from edge_contracts.evidence_upload import CAPABILITY
from fleet_manager.desk.inbox import AlertLine, Filter, alert_columns, alert_line, inbox
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.tables import alert_states, verdict_labels
from fleet_manager.pages.open_counts import OpenCounts
from fleet_manager.people.roles import EVERYWHERE
from fleet_manager.store.tables import alerts, devices

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Engine, Select

LOOKED_BACK: Final = 500
"""Newest alerts whose numbers one look of the live view reads."""
COUNTED: Final = 1_000
"""Newest alerts among which those are counted that wait for a person."""
_OPEN: Final = (None, AlertState.ACKNOWLEDGED.value)


class NewAlerts:
    """Where the live view reads new alerts.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest_numbers(self, above: int) -> list[int]:
        """Numbers of the newest alerts above one, at most 500."""
        query = select(alerts.c.id).where(alerts.c.id > above).order_by(alerts.c.id.desc()).limit(LOOKED_BACK)
        with self._engine.connect() as con:
            return list(con.execute(query).scalars())

    def read(self, numbers: Sequence[int]) -> list[AlertLine]:
        """The alerts of these numbers, in rising order."""
        query = alert_columns().where(alerts.c.id.in_(numbers)).order_by(alerts.c.id)
        with self._engine.connect() as con:
            return [alert_line(row) for row in con.execute(query)]


def open_alerts(engine: Engine, sites: Collection[str]) -> dict[str, OpenCounts]:
    """Per address, how many of the newest alerts of these sites, `*` for all, wait for a person."""
    found: dict[str, OpenCounts] = {}
    share = max(COUNTED // max(len(sites), 1), 1)
    with engine.connect() as con:
        for site in sorted(sites):
            rows = con.execute(_counted(site, share)).all()
            is_floor = sum(row.number for row in rows) == share
            for row in rows:
                if row.state in _OPEN:
                    one = OpenCounts(**{row.severity: row.number}, is_floor=is_floor)
                    found[row.address] = found.get(row.address, OpenCounts()) + one
    return found


def _counted(site: str, most: int) -> Select[tuple[str, str, str | None, int]]:
    """The newest alerts of a site by device, severity and state, which is none for a new one."""
    newest = select(alerts.c.id, alerts.c.address, alerts.c.severity).order_by(alerts.c.id.desc()).limit(most)
    some = (newest if site == EVERYWHERE else newest.where(alerts.c.site == site)).subquery()
    columns = (some.c.address, some.c.severity, alert_states.c.state)
    return (
        select(*columns, func.count().label("number"))
        .select_from(some.outerjoin(alert_states, alert_states.c.alert_id == some.c.id))
        .group_by(*columns)
    )


def last_alerts(engine: Engine, address: str, most: int = 10) -> tuple[AlertLine, ...]:
    """A device's newest alerts, newest first."""
    with engine.connect() as con:
        return inbox(con, Filter(address=address), limit=most).lines


def kept_label(con: Connection, alert: int) -> str | None:
    """The label that a judgement of an alert left for training."""
    query = select(verdict_labels.c.label).where(verdict_labels.c.alert_id == alert)
    return con.execute(query).scalar_one_or_none()


def brings_evidence(con: Connection, address: str) -> bool:
    """Whether a device brings its pictures and sounds, as its birth says; True for one that was never born."""
    birth = con.execute(select(devices.c.birth).where(devices.c.address == address)).scalar()
    return birth is None or CAPABILITY in Birth.model_validate_json(birth).capabilities


def alerts_above(engine: Engine, above: int, most: int) -> list[AlertLine]:
    """The alerts above a number, oldest first, at most so many."""
    query = alert_columns().where(alerts.c.id > above).order_by(alerts.c.id).limit(most)
    with engine.connect() as con:
        return [alert_line(row) for row in con.execute(query)]


def newest_number(engine: Engine) -> int:
    """Number of the newest alert, 0 where there is none."""
    with engine.connect() as con:
        return int(con.execute(select(alerts.c.id).order_by(alerts.c.id.desc()).limit(1)).scalar() or 0)
