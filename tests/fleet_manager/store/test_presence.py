from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.alarm import Alarm, AlarmType
from edge_contracts.alert import Severity
from edge_contracts.device import Presence, State, Status
from edge_contracts.message import ClockTrust
from fleet_manager.arrival import judge
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.tables import alarms, devices, states, statuses
from tests.fakes.arrivals import WHERE, alert_arrival, birth_arrival
from tests.fakes.letters import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from fleet_manager.arrival import Arrival


@pytest.fixture
def store(database_url: str) -> Iterator[AlertStore]:
    made = AlertStore.open(database_url, lambda: 1_700_000_000_000)
    yield made
    made.close()


def status(presence: Presence, session: int) -> Arrival:
    return judge(ADDRESS.topic("status"), Status(status=presence, session=session).model_dump_json().encode())


def state(depth: int) -> Arrival:
    told = State(
        time=datetime(2026, 1, 1, tzinfo=timezone.utc),
        clk=ClockTrust.NTP,
        uptime_s=1.0,
        spool_depth=depth,
        spool_age_s=0.0,
        disk_free_bytes=1,
        points=(),
    )
    return judge(ADDRESS.topic("state"), told.model_dump_json().encode())


def alarm(kind: AlarmType, *, active: bool, under: AlarmType | None = None) -> Arrival:
    told = Alarm(type=kind, active=active, severity=Severity.CRITICAL, reason="dark")
    return judge(ADDRESS.topic(f"alarm/{(under or kind).value}"), told.model_dump_json().encode())


def rows(store: AlertStore, table: Table) -> list[dict[str, Any]]:
    with store.engine.connect() as con:
        return [dict(row) for row in con.execute(table.select()).mappings()]


def test_a_device_is_online_until_the_broker_says_otherwise(store: AlertStore) -> None:
    assert store.take([status(Presence.ONLINE, 1)]).refused == ()
    assert [row["status"] for row in rows(store, statuses)] == ["online"]
    store.take([status(Presence.OFFLINE, 1)])
    assert [row["status"] for row in rows(store, statuses)] == ["offline"]


def test_the_will_of_a_session_that_another_one_followed_is_ignored(store: AlertStore) -> None:
    store.take([status(Presence.ONLINE, 5)])
    store.take([status(Presence.OFFLINE, 4)])
    assert [(row["status"], row["session"]) for row in rows(store, statuses)] == [("online", 5)]


def test_a_device_whose_spool_was_lost_counts_its_sessions_anew_and_is_online(store: AlertStore) -> None:
    store.take([status(Presence.ONLINE, 5), status(Presence.ONLINE, 1)])
    assert [(row["status"], row["session"]) for row in rows(store, statuses)] == [("online", 1)]


def test_of_several_words_in_one_batch_the_last_counts(store: AlertStore) -> None:
    store.take([state(1), birth_arrival(), state(2), alert_arrival(1), state(3)])
    assert ['"spool_depth":3' in row["body"] for row in rows(store, states)] == [True]
    assert [(row["address"], row["site"]) for row in rows(store, devices)] == [(WHERE, "plant/hall")]


def test_each_kind_of_condition_has_its_own_row(store: AlertStore) -> None:
    store.take([alarm(AlarmType.CAMERA, active=True), alarm(AlarmType.DISK, active=True)])
    store.take([alarm(AlarmType.CAMERA, active=False)])
    found = {row["type"]: row["active"] for row in rows(store, alarms)}
    assert found == {"camera": False, "disk": True}


def test_a_condition_under_another_ones_topic_is_refused(store: AlertStore) -> None:
    taken = store.take([alarm(AlarmType.CAMERA, active=True, under=AlarmType.DISK)])
    assert "found camera under alarm/disk" in taken.refused[0].why
    assert rows(store, alarms) == []
