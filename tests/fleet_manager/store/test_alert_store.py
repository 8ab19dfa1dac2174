from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.gap import GapReason
from fleet_manager.arrival import judge
from fleet_manager.store.alert_store import AlertStore, Word
from fleet_manager.store.database import StoreUnavailable, open_database
from fleet_manager.store.ledger import ledger
from tests.fakes.arrivals import EPOCH, WHERE, alert_arrival, alert_body, birth_arrival, changed, gap_arrival
from tests.fakes.letters import ADDRESS
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_manager.arrival import Arrival

OLD = "00000000000000bb"


@contextmanager
def opened(where: str | Path) -> Iterator[AlertStore]:
    """The store at a URL, or in `alerts.sqlite` of a folder."""
    if isinstance(where, str):
        store = AlertStore.open(where, lambda: 1_700_000_000_000)
    else:
        store = opened_store(where / "alerts.sqlite", lambda: 1_700_000_000_000)
    try:
        yield store
    finally:
        store.close()


def word(through: int, epoch: str = EPOCH) -> Word:
    return Word(WHERE, epoch, through)


def pragma(store: AlertStore, text: str) -> Any:
    with store.engine.connect() as con:
        done = con.exec_driver_sql(f"PRAGMA {text}")
        return tuple(done.one()) if done.returns_rows else None


def test_stored_alerts_are_acknowledged_up_to_the_first_hole(database_url: str) -> None:
    with opened(database_url) as store:
        assert store.take([alert_arrival(1), alert_arrival(2), alert_arrival(4)]).words == (word(2),)
        assert store.take([alert_arrival(3)]).words == (word(4),)


def test_an_alert_that_comes_twice_is_one_row_and_acknowledged_again(database_url: str) -> None:
    with opened(database_url) as store:
        assert len(store.take([alert_arrival(1), alert_arrival(1)]).alerts) == 1
        again = store.take([alert_arrival(1)])
        assert (again.alerts, again.duplicates, again.words) == ((), 1, (word(1),))


def test_the_store_survives_a_restart(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([alert_arrival(1), alert_arrival(2)])
        name = store.client_id
    with opened(database_url) as again:
        assert again.through(WHERE, EPOCH) == 2
        assert again.client_id == name
        assert again.take([alert_arrival(3)]).words == (word(3),)


def test_the_alert_is_kept_as_it_came_beside_its_columns(tmp_path: Path) -> None:
    body = changed(alert_body(1), humidity=0.4)
    with opened(tmp_path) as store:
        store.take([judge(ADDRESS.topic("alert"), body)])
    with closing(sqlite3.connect(tmp_path / "alerts.sqlite")) as con:
        query = "SELECT address, epoch, seq, part, outcome, cause, body FROM alerts"
        assert con.execute(query).fetchall() == [(WHERE, EPOCH, 1, "part-1", "defect", "threshold", body.decode())]


def test_what_a_gap_covers_counts_as_stored(database_url: str) -> None:
    with opened(database_url) as store:
        assert store.take([gap_arrival(5, (1, 3))]).words == (word(3),)
        assert store.take([alert_arrival(4)]).words == (word(5),)


def test_a_gap_of_a_damaged_spool_closes_the_old_life(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([alert_arrival(1, OLD)])
        taken = store.take([gap_arrival(1, (2, 9), why=GapReason.DAMAGED, of_epoch=OLD)])
        assert store.through(WHERE, OLD) == 9
        assert taken.words == (word(1),), "nobody waits for a word about the old life"


def test_another_message_for_a_taken_place_is_not_dropped(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([alert_arrival(1)])
        taken = store.take([alert_arrival(1, noise=999)])
        assert taken.alerts == ()
        assert "two devices with one identity" in taken.refused[0].why
        assert taken.words == (word(1),)
        assert ledger(store.engine)[0].refused == 1


def test_a_message_that_is_refused_for_ever_does_not_wedge_its_station(tmp_path: Path) -> None:
    poison = judge(ADDRESS.topic("alert"), changed(alert_body(1), data={}))
    with opened(tmp_path) as store:
        assert store.take([poison, alert_arrival(2)]).words == (word(2),)
        again = store.take([poison])
        assert (again.duplicates, again.refused) == (1, ())
        assert ledger(store.engine)[0].sentence() == f"{WHERE}: stored 1, lost: 0, refused and kept: 1"
    with closing(sqlite3.connect(tmp_path / "alerts.sqlite")) as con:
        assert con.execute("SELECT body FROM refused").fetchall() == [(poison.body,)]


def test_nonsense_is_kept_once_and_counted(tmp_path: Path) -> None:
    nonsense = judge(ADDRESS.topic("alert"), b"nonsense")
    with opened(tmp_path) as store:
        for _ in range(3):
            assert store.take([nonsense]).words == ()
    with closing(sqlite3.connect(tmp_path / "alerts.sqlite")) as con:
        assert con.execute("SELECT times, body FROM refused").fetchall() == [(3, b"nonsense")]


def test_a_spoofed_message_moves_nothing_of_its_victim(database_url: str) -> None:
    with opened(database_url) as store:
        taken = store.take([judge("lepton/1/plant/hall/station-2/alert", alert_body(1))])
        assert taken.words == (Word("plant/hall/station-2", EPOCH, 1),)
        assert store.through(WHERE, EPOCH) == 0


def test_a_station_that_announces_itself_is_told_how_far_it_is_stored(database_url: str) -> None:
    with opened(database_url) as store:
        assert store.take([birth_arrival()]).words == (word(0),)
        store.take([alert_arrival(1)])
        assert store.take([birth_arrival()]).words == (word(1),)


def test_the_ledger_says_what_was_lost_and_why(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([birth_arrival(), alert_arrival(2), gap_arrival(6, (1, 3), (5, 5))])
        store.take([gap_arrival(7, (1, 4), why=GapReason.FREED)])
        (line,) = ledger(store.engine)
        assert line.lost == {GapReason.SHED: 3, GapReason.FREED: 1}
        assert line.sentence() == f"{WHERE}: stored 1, lost: 4 (shed 3, acknowledged-and-freed 1)"


def test_what_has_not_come_yet_is_not_called_lost(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([alert_arrival(1), alert_arrival(5)])
        assert ledger(store.engine)[0].sentence() == f"{WHERE}: stored 2, lost: 0, not yet arrived: 3"


def test_nothing_is_proven_where_the_broker_acknowledges(database_url: str) -> None:
    with opened(database_url) as store:
        store.take([birth_arrival(ack="broker"), alert_arrival(1)])
        assert ledger(store.engine)[0].sentence().endswith("lost: 0, not proven (the broker acknowledges)")


def test_a_batch_that_the_disk_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        pragma(store, "query_only = ON")
        with pytest.raises(StoreUnavailable, match="readonly"):
            store.take([alert_arrival(1)])
        pragma(store, "query_only = OFF")
        assert store.through(WHERE, EPOCH) == 0
        assert store.take([alert_arrival(1)]).words == (word(1),)


def test_each_commit_reaches_the_disk(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert pragma(store, "synchronous") == (2,)
        assert pragma(store, "journal_mode") == ("wal",)


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE recipes (name)")
        con.commit()
    before = path.read_bytes()[100:]
    with pytest.raises(BadInputError, match="name another"):
        AlertStore.open(path, lambda: 0)
    assert path.read_bytes()[100:] == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    path.write_text("dear diary " * 500)
    with pytest.raises(BadInputError, match="found file is not a database: name another"):
        AlertStore.open(path, lambda: 0)
    assert path.read_text() == "dear diary " * 500


def test_two_writers_that_take_the_same_device_at_once_agree_on_how_far_it_is_stored(database_url: str) -> None:
    with opened(database_url) as store:
        halves = [[alert_arrival(seq) for seq in range(first, 201, 2)] for first in (1, 2)]

        def take(half: list[Arrival]) -> None:
            with closing(AlertStore(open_database(database_url), lambda: 0)) as own:
                for number in range(100):
                    own.take(half[number : number + 1])

        with ThreadPoolExecutor(2) as both:
            list(both.map(take, halves))
        assert store.through(WHERE, EPOCH) == 200
        assert ledger(store.engine)[0].sentence() == f"{WHERE}: stored 200, lost: 0"
        again = store.take([*halves[0], *halves[1]])
        assert (again.alerts, again.duplicates) == ((), 200)


def test_a_text_that_a_database_cannot_hold_does_not_stop_the_rest(database_url: str) -> None:
    strange = judge(ADDRESS.topic("alert"), alert_body(2, part="a\0b"))
    with opened(database_url) as store:
        taken = store.take([alert_arrival(1), strange, alert_arrival(3)])
        assert taken.words == (word(3),)
        assert len(taken.alerts) + len(taken.refused) == 3
        assert store.take([strange]).duplicates == 1
