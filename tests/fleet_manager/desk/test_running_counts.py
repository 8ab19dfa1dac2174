from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.desk.running_counts import (
    OVERTAKEN_MS,
    QUARTER_MS,
    Counts,
    Produced,
    Reading,
    by_quarter,
    produced,
)

NOON_MS = 1_700_000_000_000 // QUARTER_MS * QUARTER_MS
STARTED_MS = NOON_MS - 7 * QUARTER_MS
COUNTS = st.builds(Counts, *(st.integers(0, 10_000) for _ in range(3)))


def reading(good: int, after_ms: int, started_ms: int = STARTED_MS, defect: int = 0) -> Reading:
    return Reading(Counts(good, defect, 0), NOON_MS + after_ms, started_ms)


def test_what_one_message_adds_is_the_difference() -> None:
    made = produced(reading(100, 0), reading(130, 30_000, defect=2))
    assert made == Produced(Counts(30, 2, 0), NOON_MS, NOON_MS + 30_000)


def test_a_lost_message_is_made_good_by_the_next() -> None:
    told = [reading(100, 0), reading(110, 30_000), reading(125, 60_000)]
    made = produced(told[0], told[2])
    assert made is not None
    assert made.counts == Counts(25)


def test_a_restart_counts_from_nothing_even_where_it_has_overtaken_the_old_count() -> None:
    for good in (3, 500):
        made = produced(reading(100, 0), reading(good, 180_000, NOON_MS + 120_000))
        assert made == Produced(Counts(good), NOON_MS + 120_000, NOON_MS + 180_000)


def test_a_message_that_is_heard_again_counts_nothing_however_late() -> None:
    made = produced(reading(100, 0), reading(100, 18_000_000, NOON_MS + 17_000_000))
    assert made is not None
    assert made.counts == Counts()


def test_counts_that_fall_are_a_restart_even_where_the_clock_hides_it() -> None:
    made = produced(reading(100, 0), reading(4, 60_000))
    assert made == Produced(Counts(4), NOON_MS, NOON_MS + 60_000)


def test_a_message_that_was_overtaken_counts_nothing() -> None:
    assert produced(reading(100, 0), reading(90, OVERTAKEN_MS)) is None
    assert produced(reading(100, 0), reading(90, -30_000)) is None


def test_a_clock_of_the_manager_that_is_set_counts_nothing_twice() -> None:
    hour_ms = 3_600_000
    for step_ms in (hour_ms, -hour_ms):
        now = Reading(Counts(110), NOON_MS + 30_000 + step_ms, STARTED_MS + step_ms)
        made = produced(reading(100, 0), now)
        assert made is not None
        assert made.counts == Counts(10)
        assert sum(share.total for share in by_quarter(made).values()) == 10


def test_a_station_heard_for_the_first_time_brings_what_it_has_counted() -> None:
    made = produced(None, reading(100, 0, NOON_MS - QUARTER_MS // 2))
    assert made == Produced(Counts(100), NOON_MS - QUARTER_MS // 2, NOON_MS)


def test_parts_of_a_long_silence_are_spread_over_it() -> None:
    made = Produced(Counts(40, 4, 0), NOON_MS + QUARTER_MS // 2, NOON_MS + 2 * QUARTER_MS + QUARTER_MS // 2)
    assert by_quarter(made) == {
        NOON_MS: Counts(10, 1, 0),
        NOON_MS + QUARTER_MS: Counts(20, 2, 0),
        NOON_MS + 2 * QUARTER_MS: Counts(10, 1, 0),
    }


@given(COUNTS, st.integers(-QUARTER_MS, 50 * QUARTER_MS), st.integers(-5 * QUARTER_MS, 20 * QUARTER_MS))
def test_spreading_loses_and_adds_no_part(counts: Counts, from_ms: int, length_ms: int) -> None:
    shares = by_quarter(Produced(counts, from_ms, from_ms + length_ms))
    whole = Counts()
    for begin, share in shares.items():
        assert begin % QUARTER_MS == 0
        assert min(share.good, share.defect, share.unknown) >= 0
        whole += share
    assert whole == counts


@given(st.integers(0, 2**32))
def test_messages_that_are_lost_or_repeated_change_no_sum_within_one_life(seed: int) -> None:
    draw = random.Random(seed)
    counts, told, before = Counts(), Counts(), Reading(Counts(), NOON_MS, NOON_MS)
    for step in range(1, 40):
        counts += Counts(draw.randrange(9), draw.randrange(3), draw.randrange(2))
        for _ in range(draw.choice([0, 1, 1, 2])):
            now = Reading(counts, NOON_MS + step * 30_000, NOON_MS)
            made = produced(before, now)
            assert made is not None
            told, before = told + made.counts, now
    assert told == before.counts
