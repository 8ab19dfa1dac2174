from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from fleet_manager.desk.production import Made, Span, note_counts, production
from fleet_manager.desk.running_counts import QUARTER_MS, Counts
from fleet_manager.store.database import writing
from tests.fakes.desks import WHERE, FakeDesk
from tests.fakes.patience import eventually

DAWN_MS = 1_700_000_000_000 // QUARTER_MS * QUARTER_MS
EVER = Span(0, 2 * DAWN_MS)


def note(
    desk: FakeDesk, counts: Counts, at_ms: int, address: str = WHERE, model: str = "", point: str = "gate"
) -> None:
    with writing(desk.engine) as con:
        note_counts(con, address, point, counts, at_ms, DAWN_MS, model)


def made(desk: FakeDesk, span: Span = EVER, by: str = "site") -> tuple[Made, ...]:
    with desk.engine.connect() as con:
        return production(con, span, by)


def test_running_counts_become_what_was_made_in_each_quarter(desk: FakeDesk) -> None:
    note(desk, Counts(10, 1, 0), DAWN_MS + 60_000)
    note(desk, Counts(25, 1, 2), DAWN_MS + 120_000)
    note(desk, Counts(25, 1, 2), DAWN_MS + QUARTER_MS)
    note(desk, Counts(35, 4, 2), DAWN_MS + QUARTER_MS + 60_000)
    assert made(desk, by="quarter") == (
        Made(str(DAWN_MS), Counts(25, 1, 2)),
        Made(str(DAWN_MS + QUARTER_MS), Counts(10, 3, 0)),
    )
    assert made(desk) == (Made("plant/hall", Counts(35, 4, 2)),)


def test_production_is_told_by_site_device_point_and_model(desk: FakeDesk) -> None:
    note(desk, Counts(8, 2, 0), DAWN_MS + 60_000, "plant/hall/a", "m1")
    note(desk, Counts(5, 0, 0), DAWN_MS + 60_000, "plant/hall/b", "m1", "exit")
    note(desk, Counts(1, 0, 3), DAWN_MS + 60_000, "plant/yard/a", "m2")
    assert made(desk) == (Made("plant/hall", Counts(13, 2, 0)), Made("plant/yard", Counts(1, 0, 3)))
    assert made(desk, by="model") == (Made("m1", Counts(13, 2, 0)), Made("m2", Counts(1, 0, 3)))
    assert made(desk, by="point") == (Made("exit", Counts(5)), Made("gate", Counts(9, 2, 3)))
    assert made(desk, Span(0, 2 * DAWN_MS, sites=("plant/yard",)), "address") == (
        Made("plant/yard/a", Counts(1, 0, 3)),
    )
    assert made(desk, Span(0, 2 * DAWN_MS, sites=())) == ()
    assert made(desk, Span(0, 2 * DAWN_MS, address="plant/hall/b")) == (Made("plant/hall", Counts(5)),)
    assert made(desk, Span(0, DAWN_MS)) == ()


def test_a_model_that_is_changed_begins_a_count_of_its_own(desk: FakeDesk) -> None:
    note(desk, Counts(10), DAWN_MS + 60_000, model="m1")
    note(desk, Counts(12), DAWN_MS + 90_000, model="m2")
    assert made(desk, by="model") == (Made("m1", Counts(10)), Made("m2", Counts(2)))


def test_first_pass_yield_is_what_was_good_of_all_that_came() -> None:
    assert Made("x", Counts(90, 6, 4)).first_pass_yield == 0.9
    assert Made("x", Counts()).first_pass_yield is None


def test_two_ingest_processes_that_hear_one_message_count_it_once(desk: FakeDesk) -> None:
    start = threading.Barrier(4)

    def hear() -> None:
        start.wait(10)
        note(desk, Counts(10, 1, 0), DAWN_MS + 60_000)

    threads = [threading.Thread(target=hear, name=f"ingest-{turn}") for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert made(desk) == (Made("plant/hall", Counts(10, 1, 0)),)


@pytest.mark.parametrize("fleet_engine", ["postgresql"], indirect=True)
def test_a_message_that_is_heard_while_another_is_taken_in_waits_for_it(desk: FakeDesk) -> None:
    note(desk, Counts(10), DAWN_MS + 60_000)
    again = threading.Thread(target=note, args=(desk, Counts(15), DAWN_MS + 90_000), name="ingest-2")
    with writing(desk.engine) as con:
        note_counts(con, WHERE, "gate", Counts(15), DAWN_MS + 90_000, DAWN_MS)
        again.start()
        eventually(lambda: _waiting(desk))
    again.join(30)
    assert made(desk) == (Made("plant/hall", Counts(15)),)


def _waiting(desk: FakeDesk) -> int:
    with desk.engine.connect() as con:
        return con.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
