from __future__ import annotations

import itertools
from datetime import date, datetime, time, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from fleet_manager.desk.production import Made, Span, note_counts, production
from fleet_manager.desk.running_counts import QUARTER_MS, Counts
from fleet_manager.desk.shift_plans import save_shifts, shifts_of
from fleet_manager.desk.shifts import Shift, ShiftPlan, by_shift, shift_spans, whole_days
from fleet_manager.store.database import writing
from tests.fakes.desks import WHERE

if TYPE_CHECKING:
    from tests.fakes.desks import FakeDesk

BERLIN = ShiftPlan("Europe/Berlin", (Shift("night", time(22)), Shift("early", time(6)), Shift("late", time(14))))
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    spans = shift_spans(BERLIN, ms("2026-01-15T00:00"), ms("2026-01-15T13:30"))
    assert [(one.name, one.day) for one in spans] == [
        ("night", date(2026, 1, 14)),
        ("early", date(2026, 1, 15)),
        ("late", date(2026, 1, 15)),
    ]
    assert (spans[0].from_ms, spans[0].until_ms) == (ms("2026-01-14T21:00"), ms("2026-01-15T05:00"))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-06-10", 8)])
def test_the_night_in_which_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    noon = ms(f"{day}T12:00")
    night = next(one for one in shift_spans(BERLIN, noon, noon + 12 * HOUR_MS) if one.name == "night")
    assert night.day == date.fromisoformat(day)
    assert night.until_ms - night.from_ms == hours * HOUR_MS


def test_a_shift_that_begins_in_an_hour_that_is_left_out_disturbs_no_other() -> None:
    plan = ShiftPlan("Europe/Berlin", (Shift("a", time(2, 15)), Shift("b", time(3)), Shift("c", time(3, 15))))
    spans = shift_spans(plan, ms("2026-03-29T00:00"), ms("2026-03-30T00:00"))
    assert all(one.until_ms == other.from_ms for one, other in itertools.pairwise(spans))
    assert all(one.from_ms < one.until_ms for one in spans)


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
    st.sets(st.integers(0, 95), min_size=1, max_size=6),
    st.integers(ms("2020-01-01T00:00"), ms("2030-01-01T00:00")),
    st.integers(1, 5 * 24 * HOUR_MS),
)
def test_every_moment_has_one_shift_and_every_shift_whole_quarters(zone, starts, from_ms, length_ms) -> None:
    shifts = tuple(Shift(str(at), time(at // 4, at % 4 * 15)) for at in starts)
    spans = shift_spans(ShiftPlan(zone, shifts), from_ms, from_ms + length_ms)
    assert spans[0].from_ms <= from_ms
    assert spans[-1].until_ms >= from_ms + length_ms
    assert all(one.until_ms == other.from_ms for one, other in itertools.pairwise(spans))
    assert all(one.from_ms % QUARTER_MS == 0 for one in spans)


@pytest.mark.parametrize(
    ("zone", "shifts"),
    [
        ("Mars/Olympus", (Shift("day", time(0)),)),
        ("../etc/passwd", (Shift("day", time(0)),)),
        ("", (Shift("day", time(0)),)),
        ("UTC", ()),
        ("UTC", (Shift("day", time(6, 10)),)),
        ("UTC", (Shift("", time(6)),)),
        ("UTC", (Shift("a", time(6)), Shift("b", time(6)))),
        ("UTC", (Shift("a", time(6)), Shift("a", time(7)))),
    ],
)
def test_a_plan_that_leaves_a_doubt_is_refused(zone: str, shifts: tuple[Shift, ...]) -> None:
    with pytest.raises(BadInputError, match="wanted"):
        ShiftPlan(zone, shifts)


def test_what_is_made_falls_into_the_shift_in_which_it_was_made(desk: FakeDesk) -> None:
    from_ms, until_ms = ms("2026-01-15T05:00"), ms("2026-01-15T21:00")
    with writing(desk.engine) as con:
        note_counts(con, WHERE, "gate", Counts(90, 6, 4), ms("2026-01-15T05:10"), ms("2026-01-15T05:01"))
        note_counts(con, WHERE, "gate", Counts(100, 7, 4), ms("2026-01-15T12:59"), ms("2026-01-15T05:01"))
        note_counts(con, WHERE, "gate", Counts(130, 7, 4), ms("2026-01-15T13:05"), ms("2026-01-15T05:01"))
    with desk.engine.connect() as con:
        quarters = production(con, Span(from_ms, until_ms), "quarter")
    early, late = by_shift(quarters, shift_spans(BERLIN, from_ms, until_ms))
    assert (early.shift.name, late.shift.name) == ("early", "late")
    assert early.counts + late.counts == Counts(130, 7, 4)
    assert early.counts.defect == 7
    assert late.counts.good == 25, "five of the last six minutes' thirty parts"


def test_a_shift_that_made_nothing_is_told() -> None:
    spans = shift_spans(whole_days(), 0, 24 * HOUR_MS)
    assert [one.counts for one in by_shift([Made("86400000", Counts(5))], spans)] == [Counts()]


def test_a_site_keeps_its_plan(desk: FakeDesk) -> None:
    with writing(desk.engine) as con:
        assert shifts_of(con, "plant/hall") == whole_days()
        save_shifts(con, "plant/hall", whole_days())
        save_shifts(con, "plant/hall", BERLIN)
    with desk.engine.connect() as con:
        assert shifts_of(con, "plant/hall") == BERLIN
        assert shifts_of(con, "plant/yard") == whole_days()
