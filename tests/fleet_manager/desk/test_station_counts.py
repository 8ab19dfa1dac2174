from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy.event import listen

from edge_contracts.device import State
from fleet_manager.arrival import judge
from fleet_manager.desk.production import Made, Span, production
from fleet_manager.desk.running_counts import Counts
from fleet_manager.desk.station_counts import StationCounts
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.desks import NOON_MS, SITE, leave_nothing
from tests.fakes.letters import ADDRESS

if TYPE_CHECKING:
    from tests.fakes.desks import FakeDesk

MODEL = "cd" * 32
HOUR_MS = 3_600_000


def tell(desk: FakeDesk, good: int, uptime_s: float, told_ms: int | None = None, clk: str = "ntp") -> None:
    """A state, as the broker hands it to the manager now."""
    time = datetime.fromtimestamp((desk.now_ms if told_ms is None else told_ms) / 1000, timezone.utc)
    point = {"point": "gate", "last": "good", "good": good, "defect": 0, "unknown": 0}
    rest = {"spool_depth": 0, "spool_age_s": 0, "disk_free_bytes": 1}
    state = State.model_validate({"time": time, "clk": clk, "uptime_s": uptime_s, "points": [point], **rest})
    hear(desk, "state", state.model_dump_json().encode())


def hear(desk: FakeDesk, leaf: str, body: bytes) -> None:
    AlertStore(desk.engine, lambda: desk.now_ms).take([judge(ADDRESS.topic(leaf), body)])


def made(desk: FakeDesk, by: Any = "site") -> tuple[Made, ...]:
    with desk.engine.connect() as con:
        return production(con, Span(0, 2 * NOON_MS), by)


def test_what_stations_count_becomes_production(desk: FakeDesk) -> None:
    counts = StationCounts(desk.engine, leave_nothing)
    tell(desk, 10, 60)
    assert (counts.step(), counts.step()) == (1, 0)
    desk.now_ms += 30_000
    tell(desk, 25, 90)
    assert counts.step() == 1
    assert made(desk) == (Made(SITE, Counts(25)),)


def test_a_manager_that_restarts_and_one_beside_it_count_nothing_twice(desk: FakeDesk) -> None:
    tell(desk, 10, 60)
    for _ in range(3):
        assert StationCounts(desk.engine, leave_nothing).step() == 1
    assert made(desk) == (Made(SITE, Counts(10)),)


def test_a_state_that_the_broker_kept_of_a_dead_station_counts_nothing_twice(desk: FakeDesk) -> None:
    told_ms = desk.now_ms
    tell(desk, 100, 3_600)
    StationCounts(desk.engine, leave_nothing).step()
    desk.now_ms += 5 * HOUR_MS
    tell(desk, 100, 3_600, told_ms)
    StationCounts(desk.engine, leave_nothing).step()
    assert made(desk) == (Made(SITE, Counts(100)),)
    tell(desk, 100, 3_600, told_ms=0, clk="none")
    StationCounts(desk.engine, leave_nothing).step()
    assert made(desk) == (Made(SITE, Counts(100)),)


def test_a_clock_that_is_set_after_the_start_counts_nothing_twice(desk: FakeDesk) -> None:
    counts = StationCounts(desk.engine, leave_nothing)
    tell(desk, 10, 30, told_ms=desk.now_ms - 2 * HOUR_MS, clk="floor")
    counts.step()
    desk.now_ms += 30_000
    tell(desk, 20, 60)
    counts.step()
    assert made(desk) == (Made(SITE, Counts(20)),)


def test_parts_are_counted_under_the_model_of_their_point(desk: FakeDesk) -> None:
    tell(desk, 10, 60)
    point = {"name": "gate", "source": "x", "bundle": "y", "model": MODEL}
    texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
    birth = {"session": 1, "epoch": "00000000000000aa", "ack": "manager", "points": [point], **texts}
    hear(desk, "birth", json.dumps(birth).encode())
    StationCounts(desk.engine, leave_nothing).step()
    assert made(desk, "model") == (Made(MODEL, Counts(10)),)


def test_stations_that_ran_for_days_before_they_are_heard_hold_up_the_ingest_by_few_statements(desk: FakeDesk) -> None:
    days = 7
    tell(desk, days * 24 * 4, days * 86_400)
    said: list[str] = []
    listen(desk.engine, "before_cursor_execute", lambda _con, _cursor, statement, *_: said.append(statement))
    StationCounts(desk.engine, leave_nothing).step()
    assert len(made(desk, "quarter")) >= days * 24 * 4
    assert len(said) < 20
