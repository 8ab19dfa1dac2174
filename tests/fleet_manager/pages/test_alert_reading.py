"""What the pages read, on a store with real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_manager.desk.handling import change_state
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.pages import alert_reading
from fleet_manager.pages.alert_reading import (
    NewAlerts,
    alerts_above,
    brings_evidence,
    newest_number,
    open_alerts,
)
from fleet_manager.pages.device_reading import read_device, read_devices
from fleet_manager.store.database import writing
from fleet_manager.store.device_reading import known_sites
from tests.fakes.arrivals import WHERE, alert_arrival, birth_arrival
from tests.fakes.people import NOON_MS
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_manager.store.alert_store import AlertStore

ALL = frozenset({"*"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = opened_store(tmp_path / "store.sqlite")
    opened.take([birth_arrival(), *(alert_arrival(seq) for seq in range(1, 6))])
    yield opened
    opened.close()


def test_open_is_what_nobody_has_judged_or_closed(store: AlertStore) -> None:
    steps = ((1, AlertState.ACKNOWLEDGED), (2, AlertState.FALSE_ALARM), (3, AlertState.CONFIRMED_DEFECT))
    with writing(store.engine) as con:
        for number, after in steps:
            change_state(con, number, AlertState.NEW, after, "anna", 1)
    counts = open_alerts(store.engine, ALL)[WHERE]
    assert counts.total_told == "3"
    assert open_alerts(store.engine, frozenset({"plant/hall"})) == {WHERE: counts}
    assert open_alerts(store.engine, frozenset({"plant/other"})) == {}


def test_a_count_among_the_newest_alone_says_that_it_may_be_more(store: AlertStore, monkeypatch) -> None:
    monkeypatch.setattr(alert_reading, "COUNTED", 3)
    assert open_alerts(store.engine, ALL)[WHERE].total_told == "3+"


def test_new_alerts_are_read_by_number(store: AlertStore) -> None:
    source = NewAlerts(store.engine)
    assert source.newest_numbers(2) == [5, 4, 3]
    assert [line.id for line in source.read([4, 2])] == [2, 4]
    assert [line.id for line in alerts_above(store.engine, 1, 2)] == [2, 3]
    assert newest_number(store.engine) == 5


def test_a_device_is_known_by_its_birth_and_its_site_with_it(store: AlertStore) -> None:
    with store.engine.connect() as con:
        assert known_sites(con) == ["plant/hall"]
    (row,) = read_devices(store.engine, ALL, NOON_MS)
    assert (row.address, row.status, row.is_proven) == (WHERE, "unknown", True)
    assert read_devices(store.engine, frozenset({"plant/other"}), NOON_MS) == []
    file = read_device(store.engine, WHERE, NOON_MS)
    assert file is not None
    assert file.birth is not None
    assert read_device(store.engine, "plant/hall/none", NOON_MS) is None


def test_a_station_that_was_born_says_whether_it_brings_its_evidence(store: AlertStore) -> None:
    with store.engine.connect() as con:
        assert not brings_evidence(con, WHERE)
        assert brings_evidence(con, "plant/hall/never-born")
    store.take([birth_arrival(capabilities=("stats", "upload"))])
    with store.engine.connect() as con:
        assert brings_evidence(con, WHERE)
