from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, update

from fleet_manager.desk.desk_health import PATIENCE, DeskHealth, DeskRecord
from fleet_manager.desk.following import follow
from fleet_manager.desk.settled import Unsettled, settled_id
from fleet_manager.desk.tables import followers
from fleet_manager.store.database import StoreUnavailable, open_database, writing
from fleet_manager.store.tables import alerts
from tests.fakes.desks import leave_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from fleet_manager.desk.followed_alert import FollowedAlert
    from tests.fakes.desks import FakeDesk
    from tests.fleet_manager.databases import PostgresCluster


@dataclass
class Noting:
    """A reader that remembers what it was given."""

    name: str = "noting"
    seen: list[int] = field(default_factory=list)
    breaks: Exception | None = None
    breaks_at: int | None = None

    def take(self, con: Connection, found: Sequence[FollowedAlert]) -> None:
        del con
        if self.breaks is not None and self.breaks_at in (None, *(one.id for one in found)):
            raise self.breaks
        self.seen += [one.id for one in found]


def no_wait(seconds: float) -> None:
    del seconds


def follow_all(desk: FakeDesk, reader: Noting, step: int = 500) -> None:
    while follow(desk.engine, reader, no_wait, leave_nothing, step):
        pass


def test_each_alert_is_read_once_and_in_order(desk: FakeDesk) -> None:
    first, again = Noting(), Noting()
    stored = [desk.store() for _ in range(5)]
    follow_all(desk, first, 2)
    stored.append(desk.store())
    follow_all(desk, again)
    assert first.seen + again.seen == stored
    other = Noting("other")
    follow_all(desk, other)
    assert other.seen == stored


def test_a_step_that_the_database_does_not_take_is_made_again(desk: FakeDesk) -> None:
    stored = [desk.store() for _ in range(3)]
    reader = Noting(breaks=StoreUnavailable("the power went"))
    with pytest.raises(StoreUnavailable):
        follow(desk.engine, reader, no_wait, leave_nothing)
    reader.breaks = None
    follow_all(desk, reader)
    assert reader.seen == stored


def test_an_alert_that_a_reader_cannot_take_is_told_of_and_passed(desk: FakeDesk) -> None:
    stored = [desk.store() for _ in range(3)]
    reader, left = Noting(breaks=OverflowError("too large"), breaks_at=stored[1]), []
    assert follow(desk.engine, reader, no_wait, lambda row, err: left.append((row, str(err)))) == 3
    assert reader.seen == [stored[0], stored[2]]
    assert left == [(f"alert {stored[1]}", "too large")]
    assert follow(desk.engine, reader, no_wait, leave_nothing) == 0


def test_managers_that_follow_at_once_share_the_alerts(desk: FakeDesk) -> None:
    stored = [desk.store() for _ in range(12)]
    readers = [Noting() for _ in range(3)]
    start = threading.Barrier(len(readers))

    def work(reader: Noting) -> None:
        start.wait(10)
        while len([number for one in readers for number in one.seen]) < len(stored):
            follow(desk.engine, reader, no_wait, leave_nothing, 1)

    threads = [threading.Thread(target=work, args=(one,), name=f"manager-{at}") for at, one in enumerate(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(number for one in readers for number in one.seen) == stored


@pytest.mark.parametrize("fleet_engine", ["postgresql"], indirect=True)
def test_an_alert_that_is_committed_late_is_not_passed_over(desk: FakeDesk) -> None:
    desk.store()
    with desk.engine.connect() as con:
        row = dict(con.execute(select(alerts)).one()._mapping)
    reader = Noting()
    follow_all(desk, reader)
    with desk.engine.connect() as slow, slow.begin():
        late = {**row, "id": row["id"] + 1, "seq": 2}
        slow.execute(insert(alerts), [late])
        with writing(desk.engine) as quick:
            quick.execute(insert(alerts), [{**row, "id": row["id"] + 2, "seq": 3}])
        with desk.engine.connect() as con, pytest.raises(Unsettled, match=r"process \d+"):
            settled_id(con, no_wait)
        with pytest.raises(Unsettled):
            follow_all(desk, reader)
        assert reader.seen == [row["id"]], "what follows a transaction that still runs must wait for it"
    follow_all(desk, reader)
    assert reader.seen == [row["id"], row["id"] + 1, row["id"] + 2]


@pytest.mark.parametrize("fleet_engine", ["postgresql"], indirect=True)
def test_a_transaction_that_writes_no_alert_holds_up_nobody(desk: FakeDesk, postgres: PostgresCluster) -> None:
    stored = desk.store()
    other_engine = open_database(postgres.new_database())
    with desk.engine.connect() as beside, other_engine.connect() as abroad, beside.begin(), abroad.begin():
        abroad.exec_driver_sql("CREATE TABLE foreign_work (x int)")
        beside.execute(insert(followers), {"name": "another", "alert_id": 0})
        with desk.engine.connect() as con:
            assert settled_id(con, no_wait) == stored
    other_engine.dispose()


@pytest.mark.parametrize("fleet_engine", ["postgresql"], indirect=True)
def test_a_write_that_never_ends_is_told_of_after_a_while(desk: FakeDesk) -> None:
    desk.store()
    said: list[str] = []
    record = DeskRecord(said.append)
    with desk.engine.connect() as slow, slow.begin():
        slow.execute(update(alerts).values(count=2))
        for _ in range(PATIENCE):
            assert said == []
            with desk.engine.connect() as con, pytest.raises(Unsettled) as found:
                settled_id(con, no_wait)
            record.waits("cases", found.value)
    assert "pg_terminate_backend" in said[0]
    record.works("cases")
    assert record.health == DeskHealth()
