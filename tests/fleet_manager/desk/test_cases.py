from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.alert import Severity
from fleet_manager.desk import cases as cases_module
from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.cases import (
    NoSuchCase,
    OpenCount,
    acknowledge_case,
    case_alerts,
    find_case,
    list_cases,
    open_counts,
)
from fleet_manager.desk.following import follow
from fleet_manager.desk.handling import alert_file, change_state
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.desk.production import Bar, Span, pareto
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS, WHERE, FakeDesk, leave_nothing

if TYPE_CHECKING:
    from fleet_manager.desk.case import Case

MINUTE_MS = 60_000
GAP_MS = 15 * MINUTE_MS


def read(desk: FakeDesk, step: int = 500) -> None:
    for reader in (CaseReader(GAP_MS), AlertCounter()):
        while follow(desk.engine, reader, lambda _: None, leave_nothing, step):
            pass


def all_cases(desk: FakeDesk, *, only_open: bool = False, sites: tuple[str, ...] | None = None) -> list[Case]:
    with desk.engine.connect() as con:
        page = list_cases(con, sites, 0, only_open=only_open)
    assert page.older is None
    return [line.case for line in page.lines]


def after(desk: FakeDesk, minutes: float, **fields) -> int:
    desk.now_ms = NOON_MS + int(minutes * MINUTE_MS)
    return desk.store(**fields)


@pytest.mark.parametrize("step", [1, 500])
def test_a_flood_is_one_case_with_first_last_and_count(desk: FakeDesk, step: int) -> None:
    first = after(desk, 0)
    after(desk, 10, severity="critical", count=5)
    last = after(desk, 20)
    later = after(desk, 60)
    read(desk, step)
    again, flood = all_cases(desk)
    assert (flood.first_ms, flood.last_ms) == (NOON_MS, NOON_MS + 20 * MINUTE_MS)
    assert (flood.first_id, flood.last_id, flood.alerts, flood.parts) == (first, last, 3, 7)
    assert flood.severity is Severity.CRITICAL
    assert (again.first_id, again.alerts) == (later, 1)


def test_alerts_of_different_kinds_or_places_are_different_cases(desk: FakeDesk) -> None:
    desk.store()
    for other in ({"point": "exit"}, {"label": "dent"}, {"outcome": "unknown"}, {"address": "plant/hall/cam-2"}):
        desk.store(**other)
    desk.store(outcome="unknown", cause="frozen")
    read(desk)
    assert [case.alerts for case in all_cases(desk)] == [1] * 6


def test_alerts_of_an_outage_that_come_late_fall_into_their_own_time(desk: FakeDesk) -> None:
    for minutes in (0, 300, 301):
        after(desk, minutes)
    for minutes in (14, 303, 100):
        desk.store(time_ms=NOON_MS + minutes * MINUTE_MS)
    read(desk, 1)
    assert [case.alerts for case in all_cases(desk)] == [3, 1, 2]


def test_a_clock_that_was_never_set_is_not_believed(desk: FakeDesk) -> None:
    desk.store(time_ms=0)
    desk.store(time_ms=NOON_MS + 10 * 365 * 86_400_000)
    read(desk)
    (case,) = all_cases(desk)
    assert (case.first_ms, case.last_ms, case.alerts) == (NOON_MS, NOON_MS, 2)


def test_a_case_is_open_until_its_newest_alert_is_seen_and_again_when_it_goes_on(desk: FakeDesk) -> None:
    numbers = [after(desk, minutes) for minutes in (0, 1)]
    read(desk)
    with writing(desk.engine) as con:
        change_state(con, numbers[0], AlertState.NEW, AlertState.ACKNOWLEDGED, "ann", desk.now_ms)
    assert len(all_cases(desk, only_open=True)) == 1
    with writing(desk.engine) as con:
        change_state(con, numbers[1], AlertState.NEW, AlertState.ACKNOWLEDGED, "ann", desk.now_ms)
    assert all_cases(desk, only_open=True) == []
    after(desk, 2)
    read(desk)
    assert len(all_cases(desk, only_open=True)) == 1


def test_open_cases_are_counted_per_line_of_the_sites_that_a_person_may_see(desk: FakeDesk) -> None:
    for point in ("gate", "gate", "exit"):
        desk.store(point=point, label=f"kind-{desk.store(point=point, severity='critical')}")
    desk.store("plant/yard/cam-9", point="gate")
    read(desk)
    with desk.engine.connect() as con:
        counts = open_counts(con, ("plant/hall",), 0)
        assert open_counts(con, (), 0) == ()
        assert open_counts(con, None, desk.now_ms + 1) == ()
        assert len(open_counts(con, None, 0)) == len(counts) + 1
    assert counts == (
        OpenCount("plant/hall", WHERE, "exit", Severity.CRITICAL, 1),
        OpenCount("plant/hall", WHERE, "exit", Severity.WARNING, 1),
        OpenCount("plant/hall", WHERE, "gate", Severity.CRITICAL, 1),
        OpenCount("plant/hall", WHERE, "gate", Severity.WARNING, 2),
    )


def test_the_list_of_cases_goes_on_where_the_page_before_ended(desk: FakeDesk) -> None:
    for turn in range(5):
        desk.store(label=f"kind-{turn % 5}")
    read(desk)
    found, before = [], None
    with desk.engine.connect() as con:
        while True:
            page = list_cases(con, ("plant/hall",), 0, before=before, limit=2)
            found += [line.case.id for line in page.lines]
            before = page.older
            if before is None:
                break
    assert len(found) == len(set(found)) == 5


def test_acknowledging_a_case_sees_to_what_is_new_and_to_nothing_else(desk: FakeDesk) -> None:
    seen, judged, other = after(desk, 0), after(desk, 1), after(desk, 1, label="dent")
    read(desk)
    with writing(desk.engine) as con:
        change_state(con, judged, AlertState.NEW, AlertState.FALSE_ALARM, "bob", NOON_MS)
    case = next(one for one in all_cases(desk) if one.alerts == 2)
    came_later = after(desk, 2)
    with writing(desk.engine) as con:
        done = acknowledge_case(con, case, "ann", NOON_MS)
        assert acknowledge_case(con, case, "ann", NOON_MS) == ()
    assert [line.id for line in done] == [seen]
    with desk.engine.connect() as con:
        states = [alert_file(con, number).line.state.value for number in (seen, judged, other, came_later)]
        assert alert_file(con, seen).history[0].who == "ann"
    assert states == ["acknowledged", "false-alarm", "new", "new"]


def test_a_case_shows_its_own_alerts_only(desk: FakeDesk) -> None:
    mine = [after(desk, 0), after(desk, 1)]
    after(desk, 1, label="dent")
    mine.append(after(desk, 2))
    read(desk)
    case = next(one for one in all_cases(desk) if one.alerts == 3)
    with desk.engine.connect() as con:
        first = case_alerts(con, case, limit=2)
        rest = case_alerts(con, case, first.older, limit=2)
        assert find_case(con, case.id, ("plant/hall",)).is_open
        with pytest.raises(NoSuchCase):
            find_case(con, case.id, ("plant/yard",))
        with pytest.raises(NoSuchCase):
            find_case(con, 99)
    assert [line.id for line in (*first.lines, *rest.lines)] == mine[::-1]
    assert rest.older is None


def test_a_case_shows_no_alert_of_another_time_that_came_between(desk: FakeDesk) -> None:
    now = [after(desk, 300)]
    late = desk.store(time_ms=NOON_MS)
    now.append(after(desk, 301))
    read(desk)
    outage, today = sorted(all_cases(desk), key=lambda one: one.alerts)
    with desk.engine.connect() as con:
        assert [line.id for line in case_alerts(con, today).lines] == now[::-1]
        assert [line.id for line in case_alerts(con, outage).lines] == [late]


def test_acknowledging_in_portions_gets_to_every_alert(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases_module, "MOST_AT_ONCE", 2)
    numbers = [after(desk, minutes) for minutes in range(5)]
    read(desk)
    (case,) = all_cases(desk)
    done: list[int] = []
    with writing(desk.engine) as con:
        while portion := acknowledge_case(con, case, "ann", NOON_MS):
            done += [line.id for line in portion]
    assert sorted(done) == numbers


def test_the_pareto_names_the_most_frequent_first(desk: FakeDesk) -> None:
    for label, count in (("dent", 1), ("scratch", 3), ("dent", 1), ("rust", 1)):
        desk.store(label=label, count=count)
    desk.store("plant/yard/cam-1", label="rust")
    desk.store(outcome="unknown", cause="frozen")
    read(desk)
    here = Span(0, 2 * NOON_MS, sites=("plant/hall",))
    with desk.engine.connect() as con:
        bars = pareto(con, here)
        assert bars == (
            Bar("scratch", 1, 3, 3 / 6, 3 / 6),
            Bar("dent", 2, 2, 2 / 6, 5 / 6),
            Bar("rust", 1, 1, 1 / 6, 1.0),
        )
        assert pareto(con, here, most=1) == bars[:1]
        assert [bar.name for bar in pareto(con, here, "cause", None)] == ["threshold", "frozen"]
        assert [(bar.name, bar.parts) for bar in pareto(con, Span(0, 2 * NOON_MS), "site")] == [
            ("plant/hall", 6),
            ("plant/yard", 1),
        ]
        assert pareto(con, Span(0, NOON_MS - 900_000)) == ()
