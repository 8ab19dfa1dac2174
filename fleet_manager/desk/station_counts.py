"""The running counts of each station that tells no minutes, taken from the last state that the manager keeps of it.

The ingest stores states and knows nothing of production. A state that is taken in twice, by two managers or after a
restart, adds nothing: counts run, so only their difference counts. A station whose birth promises `stats` is counted by
its minutes alone; its states are for the live view.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from edge_contracts.device import Birth, State
from edge_contracts.message import ClockTrust
from edge_contracts.stats import STATS
from fleet_manager.desk.followed_alert import AHEAD_BELIEVED_MS, OLDEST_BELIEVED_MS
from fleet_manager.desk.production import note_counts
from fleet_manager.desk.row_by_row import take_rows
from fleet_manager.desk.running_counts import Counts
from fleet_manager.store.database import writing
from fleet_manager.store.tables import devices, states

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine, Row

_AT_ONCE: Final = 10
"""Stations of one transaction: some ten milliseconds in which SQLite takes no other write, also where each has run for
days and is heard for the first time."""


class StationCounts:
    """Takes in what stations count.

    Args:
        engine: the database.
        leave: is told of a station whose state cannot be counted; its next one is tried again.
    """

    def __init__(self, engine: Engine, leave: Callable[[str, Exception], object]) -> None:
        self._engine, self._leave = engine, leave
        self._taken: dict[str, int] = {}

    def step(self) -> int:
        """Take in each state that is new since the last step; how many stations that were.

        Raises:
            StoreUnavailable: the database takes nothing just now; the next step does it again.
        """
        with self._engine.connect() as con:
            told = con.execute(select(states.c.address, states.c.stored_ms).order_by(states.c.address)).all()
        fresh = [(address, stored_ms) for address, stored_ms in told if self._taken.get(address) != stored_ms]
        for begin in range(0, len(fresh), _AT_ONCE):
            some = fresh[begin : begin + _AT_ONCE]
            self._take([address for address, _ in some])
            self._taken.update(some)
        return len(fresh)

    def _take(self, addresses: Sequence[str]) -> None:
        query = (
            select(states.c.address, states.c.stored_ms, states.c.body, devices.c.birth)
            .outerjoin(devices, devices.c.address == states.c.address)
            .where(states.c.address.in_(addresses))
            .order_by(states.c.address)
        )
        with self._engine.connect() as con:
            rows = con.execute(query).all()
        with writing(self._engine) as con:
            take_rows(
                con, rows, partial(_note_states, con), lambda row, err: self._leave(f"the state of {row.address}", err)
            )


def _note_states(con: Connection, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        birth = None if row.birth is None else Birth.model_validate_json(row.birth)
        if birth is None or STATS not in birth.capabilities:
            _note(con, row.address, State.model_validate_json(row.body), row.stored_ms, _models(birth))


def _note(con: Connection, address: str, state: State, stored_ms: int, models: dict[str, str]) -> None:
    at_ms = told_ms(state, stored_ms)
    started_ms = at_ms - int(state.uptime_s * 1000)
    for point in state.points:
        counts = Counts(point.good, point.defect, point.unknown)
        note_counts(con, address, point.point, counts, at_ms, started_ms, models.get(point.point, ""))


def told_ms(state: State, stored_ms: int) -> int:
    """When a state was told: the station's clock where NTP has set it, else the time of storing.

    A broker may hand out a state again long after it was told, to a manager that comes back.
    """
    time_ms = int(state.time.timestamp() * 1000)
    is_near = -AHEAD_BELIEVED_MS <= stored_ms - time_ms <= OLDEST_BELIEVED_MS
    return time_ms if state.clk is ClockTrust.NTP and is_near else stored_ms


def _models(birth: Birth | None) -> dict[str, str]:
    return {point.name: point.model for point in birth.points} if birth is not None else {}
