"""A manager's database with alerts in it, for tests of what people do with them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from edge_contracts.alert import Alert
from edge_contracts.message import ClockTrust
from edge_contracts.topics import DeviceAddress
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.outbox.delivery_clock import Moment
from edge_runtime.outbox.envelope import Letter, seal
from fleet_manager.arrival import judge
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.tables import alerts
from tests.fakes.arrivals import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

WHERE = "plant/hall/station-1"
SITE = "plant/hall"
NOON_MS = 1_700_000_000_000


@dataclass
class FakeDesk:
    """A migrated database; `now_ms` is the manager's clock, and only a test moves it."""

    engine: Engine
    now_ms: int = NOON_MS
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def store(self, address: str = WHERE, time_ms: int | None = None, **fields: Any) -> int:
        """Take in an alert as the ingest does; its number in the inbox."""
        seq = next(self._numbers)
        where = DeviceAddress(*address.split("/"))
        letter = Letter(alert(**fields), _moment(self.now_ms if time_ms is None else time_ms), seq.to_bytes(10, "big"))
        arrival = judge(where.topic("alert"), seal(letter, where.source, EPOCH, seq).body)
        AlertStore(self.engine, lambda: self.now_ms).take([arrival])
        with self.engine.connect() as con:
            return int(con.execute(select(alerts.c.id).where(alerts.c.event_id == arrival.event_id)).scalar_one())


def leave_nothing(row: str, err: Exception) -> None:
    """Nothing may be left out: a part of the desk that cannot take a row breaks the test."""
    raise AssertionError(row) from err


def alert(outcome: str = "defect", cause: str | None = None, **fields: Any) -> Alert:
    """An alert that is valid whatever it says."""
    judged = Outcome(outcome)
    why = Cause(cause) if cause else (Cause.THRESHOLD if judged is Outcome.DEFECT else Cause.DARK)
    said = {"point": "line-1", "part": "part-1", "reason": "scratch", "latency_ms": 1.0, **fields}
    return Alert.model_validate({**said, "outcome": judged, "cause": why})


def _moment(unix_ms: int) -> Moment:
    return Moment(unix_ms, 1_000, ClockTrust.NONE)
