from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.alert import Severity
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.desk import inbox as inbox_module
from fleet_manager.desk import stored_time
from fleet_manager.desk.handling import change_state
from fleet_manager.desk.inbox import Filter, Page, inbox
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.stored_time import first_id_at
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS, WHERE, FakeDesk

if TYPE_CHECKING:
    import pytest

SITES = ("plant/hall", "plant/yard", "works/north")


def ids(page: Page) -> list[int]:
    return [line.id for line in page.lines]


def looked(desk: FakeDesk, wanted: Filter | None = None, before_id: int | None = None, limit: int = 50) -> Page:
    with desk.engine.connect() as con:
        return inbox(con, wanted or Filter(), before_id, limit)


def all_pages(desk: FakeDesk, wanted: Filter, limit: int) -> list[int]:
    found: list[int] = []
    before: int | None = None
    while True:
        page = looked(desk, wanted, before, limit)
        found += ids(page)
        if page.older is None:
            return found
        assert before is None or page.older < before, "a page must lead on"
        before = page.older


def move(desk: FakeDesk, alert_id: int, after: AlertState, expected: AlertState = AlertState.NEW) -> None:
    with writing(desk.engine) as con:
        change_state(con, alert_id, expected, after, "ann", desk.now_ms)


def test_the_newest_come_first_and_pages_follow_without_gap_or_repeat(desk: FakeDesk) -> None:
    stored = [desk.store() for _ in range(7)]
    assert all_pages(desk, Filter(), 3) == stored[::-1]
    assert ids(looked(desk, limit=7)) == stored[::-1]
    assert looked(desk, limit=7).older is None


def test_an_alert_that_arrives_while_one_reads_does_not_move_the_pages(desk: FakeDesk) -> None:
    stored = [desk.store() for _ in range(4)]
    first = looked(desk, limit=2)
    desk.store()
    assert ids(looked(desk, before_id=first.older, limit=2)) == [stored[1], stored[0]]


def test_a_person_sees_only_the_sites_that_are_theirs(desk: FakeDesk) -> None:
    by_site = {site: [desk.store(f"{site}/cam-{turn}") for turn in range(3)] for site in SITES}
    both = Filter(sites=("plant/hall", "works/north"))
    assert all_pages(desk, both, 2) == sorted(by_site["plant/hall"] + by_site["works/north"], reverse=True)
    assert ids(looked(desk, Filter(sites=()))) == []
    assert ids(looked(desk, Filter(sites=("plant/yard",), address="plant/hall/cam-1"))) == []
    assert ids(looked(desk, Filter(sites=("plant/yard",), address="plant/yard/cam-1"))) == [by_site["plant/yard"][1]]


def test_more_sites_than_a_query_can_join_are_still_looked_at(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "MOST_SITES", 1)
    stored = {site: desk.store(f"{site}/cam-1") for site in SITES}
    two = ("plant/hall", "works/north")
    assert all_pages(desk, Filter(sites=two), 1) == [stored["works/north"], stored["plant/hall"]]
    move(desk, stored["plant/yard"], AlertState.ACKNOWLEDGED)
    move(desk, stored["plant/hall"], AlertState.ACKNOWLEDGED)
    assert ids(looked(desk, Filter(sites=two, state=AlertState.ACKNOWLEDGED))) == [stored["plant/hall"]]


def test_each_filter_finds_its_alert_and_no_other(desk: FakeDesk) -> None:
    desk.store("plant/hall/other", label="dent", severity="info")
    odd = desk.store(
        WHERE, outcome="unknown", cause="frozen", point="gate", part="x-1", label="rust", severity="critical"
    )
    desk.store("plant/hall/other", label="dent", severity="info")
    wanted = [
        Filter(address=WHERE),
        Filter(point="gate"),
        Filter(part="x-1"),
        Filter(outcome=Outcome.UNKNOWN),
        Filter(cause=Cause.FROZEN),
        Filter(severity=Severity.CRITICAL),
        Filter(label="rust"),
    ]
    for one in wanted:
        assert ids(looked(desk, one)) == [odd], one


def test_the_state_is_found_whether_it_has_a_row_or_not(desk: FakeDesk) -> None:
    fresh, seen, other = desk.store(), desk.store(), desk.store("plant/yard/cam-1")
    move(desk, seen, AlertState.ACKNOWLEDGED)
    move(desk, other, AlertState.ACKNOWLEDGED)
    assert ids(looked(desk, Filter(state=AlertState.NEW))) == [fresh]
    assert ids(looked(desk, Filter(state=AlertState.ACKNOWLEDGED))) == [other, seen]
    assert ids(looked(desk, Filter(sites=("plant/hall",), state=AlertState.ACKNOWLEDGED))) == [seen]
    assert ids(looked(desk, Filter(address=WHERE, state=AlertState.ACKNOWLEDGED))) == [seen]
    assert ids(looked(desk, Filter(state=AlertState.CLOSED))) == []
    line = looked(desk, Filter(state=AlertState.ACKNOWLEDGED)).lines[-1]
    assert (line.state, line.who, line.changed_ms) == (AlertState.ACKNOWLEDGED, "ann", NOON_MS)


def test_a_rare_match_is_reached_in_bounded_steps(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "READ_ROWS", 4)
    rare = desk.store(cause="frozen", outcome="unknown")
    stored = [desk.store(f"{site}/cam-1") for _ in range(5) for site in SITES]
    first = looked(desk, Filter(cause=Cause.FROZEN))
    assert (ids(first), first.is_cut, first.older) == ([], True, stored[-4])
    assert all_pages(desk, Filter(cause=Cause.FROZEN), 50) == [rare]
    assert all_pages(desk, Filter(sites=SITES, cause=Cause.FROZEN), 50) == [rare]


def test_a_time_is_when_the_manager_stored_it(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_time, "CLOCK_SLACK_MS", 2)
    stored = []
    for minute in range(20):
        desk.now_ms = NOON_MS + minute * 60_000
        stored.append(desk.store(time_ms=0))
    span = Filter(since_ms=NOON_MS + 5 * 60_000, until_ms=NOON_MS + 9 * 60_000)
    assert all_pages(desk, span, 3) == stored[5:9][::-1]
    assert all_pages(desk, Filter(since_ms=desk.now_ms + 60_000), 3) == []
    assert all_pages(desk, Filter(until_ms=NOON_MS), 3) == []
    with desk.engine.connect() as con:
        found = [first_id_at(con, NOON_MS + minute * 60_000) for minute in range(20)]
    assert found == stored


def test_an_empty_store_has_an_empty_inbox(desk: FakeDesk) -> None:
    for wanted in (Filter(), Filter(sites=SITES, cause=Cause.DARK), Filter(since_ms=0, until_ms=NOON_MS)):
        assert looked(desk, wanted) == Page((), None)
