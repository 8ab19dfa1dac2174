"""The desk goes on: whatever one station sends to one part of it, calls, cases and counts of the others follow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from fleet_manager.arrival import judge
from fleet_manager.desk.courier import Courier
from fleet_manager.desk.couriers import Couriers
from fleet_manager.desk.deliveries import list_deliveries
from fleet_manager.desk.desk import Desk
from fleet_manager.desk.escalation_rule import EscalationRule, Webhook, new_secret
from fleet_manager.desk.escalation_rules import save_rule
from fleet_manager.desk.reach import Reach
from fleet_manager.desk.tables import alert_quarters, cases, production_quarters
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import writing
from fleet_manager.store.tables import alerts, states
from tests.fakes.desks import WHERE
from tests.fakes.device_words import body, point, state
from tests.fakes.letters import ADDRESS

if TYPE_CHECKING:
    from tests.fakes.desks import FakeDesk

ABROAD = "plant/yard/station-9"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def at_work(desk: FakeDesk, said: list[str]) -> Desk:
    courier = Courier(desk.engine, None, Reach(), lambda: desk.now_ms, lambda: 0.5, said.append)
    with writing(desk.engine) as con:
        save_rule(con, EscalationRule("all", Webhook("http://h/x", new_secret(b"k" * 32)), after_s=0))
    return Desk(desk.engine, Couriers(courier, said.append), lambda: desk.now_ms, said.append)


def follow_all(desk: Desk) -> None:
    while desk.follow_once():
        pass


def calls(desk: FakeDesk) -> int:
    with desk.engine.connect() as con:
        return len(list_deliveries(con))


def test_a_state_that_cannot_be_counted_is_left_out_and_stops_nobody(
    desk: FakeDesk, at_work: Desk, said: list[str]
) -> None:
    broken = {**json.loads(body(state(point()))), "uptime_s": 1e30}
    genuine = {"address": ABROAD, "site": "plant/yard", "stored_ms": desk.now_ms, "body": body(state(point())).decode()}
    with writing(desk.engine) as con:
        row = {"address": WHERE, "site": "plant/hall", "stored_ms": desk.now_ms, "body": json.dumps(broken)}
        con.execute(insert(states), [row, genuine])
    desk.store(ABROAD, severity="critical")
    follow_all(at_work)
    assert calls(desk) == 1
    assert (at_work.health.left_out, at_work.health.troubles) == (1, {})
    assert WHERE in said[0]
    with desk.engine.connect() as con:
        assert con.execute(select(production_quarters.c.address)).scalars().all() == [ABROAD]


def test_a_station_cannot_be_up_for_longer_than_a_clock_can_tell() -> None:
    broken = {**json.loads(body(state(point()))), "uptime_s": 1e30}
    assert "uptime_s" in judge(ADDRESS.topic("state"), json.dumps(broken).encode()).why


def test_no_number_of_parts_that_stations_claim_fills_a_case_or_a_count(desk: FakeDesk, at_work: Desk) -> None:
    for _ in range(3):
        desk.store(count=10**9)
    with writing(desk.engine) as con:
        con.execute(update(alerts).values(count=2**53 - 1))
    follow_all(at_work)
    desk.store(count=10**9)
    follow_all(at_work)
    with desk.engine.connect() as con:
        assert con.execute(select(cases.c.parts)).scalars().all() == [10**12]
        assert con.execute(select(alert_quarters.c.parts)).scalars().all() == [10**12]
    assert at_work.health.left_out == 0


def test_calls_go_out_while_another_part_is_in_trouble(
    desk: FakeDesk, at_work: Desk, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("no more room for minutes")

    monkeypatch.setattr("fleet_manager.desk.desk.count_minutes", broken)
    desk.store(severity="critical")
    follow_all(at_work)
    follow_all(at_work)
    assert calls(desk) == 1
    assert at_work.health.waits_for == ("the desk's minutes: RuntimeError: no more room for minutes",)
    assert len([line for line in said if "no more room" in line]) == 1
    monkeypatch.undo()
    follow_all(at_work)
    assert at_work.health.waits_for == ()


def test_a_state_of_a_hundred_years_of_parts_is_counted(desk: FakeDesk, at_work: Desk) -> None:
    busy = state(point(good=2**53 - 1), uptime_s=5)
    AlertStore(desk.engine, lambda: desk.now_ms).take([judge(ADDRESS.topic("state"), body(busy))])
    follow_all(at_work)
    assert at_work.health.left_out == 0
