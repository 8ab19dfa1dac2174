from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.stats import POINTS_TOLD
from edge_contracts.verdict import Cause
from edge_runtime.minute_book import MINUTE_MS, MinuteBook, Pictures
from tests.fakes.letters import HandClock
from tests.fakes.parts import inspected, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_contracts.stats import Stats

START_MS = 1_700_000_040_000
"""The begin of a minute."""


def book(clock: HandClock, pictures: dict[str, Pictures] | None = None) -> MinuteBook:
    return MinuteBook(clock, "b0" * 8, lambda: dict(pictures or {}))


def totals(minutes: Iterable[Stats]) -> Counter[str]:
    """What minutes count together, by outcome or cause."""
    whole: Counter[str] = Counter()
    for point in (point for minute in minutes for point in minute.points):
        whole.update({"good": point.good, "defect": point.defect, **point.unknown})
    return +whole


def test_a_minute_is_told_when_the_boards_clock_has_begun_the_next_one() -> None:
    clock = HandClock(START_MS + 50_000)
    made = book(clock)
    made.take(inspected(verdict(Cause.CLEAN)))
    clock.advance(9)
    made.take(inspected(verdict(Cause.DARK)))
    assert made.due() == ()
    clock.advance(1)
    (minute,) = made.due()
    assert (minute.from_mono, minute.until_mono) == (1_000, 10_000)
    assert totals([minute]) == {"good": 1, "dark": 1}
    assert made.due() == ()


def test_a_part_of_the_next_quarter_is_never_counted_in_the_one_before() -> None:
    clock = HandClock(START_MS + 59_999)
    made = book(clock)
    made.take(inspected(verdict(Cause.CLEAN)))
    clock.advance(0.001)
    made.take(inspected(verdict(Cause.CLEAN)))
    assert [totals([minute]) for minute in (*made.due(), *made.last())] == [{"good": 1}, {"good": 1}]


def test_a_minute_without_a_part_tells_nothing() -> None:
    clock = HandClock(START_MS)
    made = book(clock)
    for _ in range(5):
        clock.advance(60)
        assert made.due() == ()
    assert made.last() == ()


def test_a_clock_that_is_set_ends_the_minute_and_one_that_stands_still_does_not_lengthen_it() -> None:
    clock = HandClock(START_MS)
    made = book(clock)
    made.take(inspected(with_frame=False))
    clock.unix_ms += 10**9
    assert len(made.due()) == 1
    for _ in range(60):
        made.take(inspected(with_frame=False))
        clock.mono_ms += 2_000
    told = (*made.due(), *made.last())
    assert totals(told) == {"defect": 60}
    assert max(minute.until_mono - minute.from_mono for minute in told) < MINUTE_MS


def test_two_models_of_a_point_are_counted_apart_and_its_pictures_once() -> None:
    clock, pictures = HandClock(START_MS), {"gate": Pictures(100, 90)}
    made = book(clock, pictures)
    pictures["gate"] = Pictures(130, 110)
    made.take(inspected(verdict()))
    made.take(inspected(verdict(Cause.NO_FRAME, model=None)))
    (minute,) = made.last()
    assert sum(point.frames for point in minute.points) == 30
    assert sum(point.drops for point in minute.points) == 20
    pictures["gate"] = Pictures(7, 2)
    made.take(inspected(verdict()))
    (minute,) = made.last()
    assert [(point.frames, point.drops) for point in minute.points] == [(7, 2)], "a source that was started anew"


def test_many_points_are_told_in_several_messages() -> None:
    made = book(HandClock(START_MS))
    for number in range(2 * POINTS_TOLD + 1):
        made.take(inspected(verdict(point=f"gate-{number}")))
    told = made.last()
    assert [len(minute.points) for minute in told] == [POINTS_TOLD, POINTS_TOLD, 1]


def test_what_was_given_back_is_told_as_of_its_own_time_too() -> None:
    clock = HandClock(START_MS)
    made = book(clock)
    made.take(inspected(verdict(Cause.CLEAN), with_frame=False))
    clock.advance(60)
    (minute,) = made.due()
    made.take(inspected(verdict(Cause.DARK), with_frame=False))
    made.give_back(minute)
    (both,) = made.last()
    assert (both.from_mono, both.until_mono) == (1_000, 61_000)
    assert totals([both]) == {"good": 1, "dark": 1}


@given(st.lists(st.sampled_from(["part", "second", "minute", "tell", "lose", "set"]), max_size=60))
def test_every_part_is_told_once_whatever_the_disk_gives_back(deeds: list[str]) -> None:
    clock = HandClock(START_MS)
    made = book(clock)
    told: list[Stats] = []
    parts = 0
    for deed in deeds:
        if deed == "part":
            made.take(inspected(with_frame=False))
            parts += 1
        elif deed == "tell":
            told += made.due()
        elif deed == "lose":
            for minute in made.due():
                made.give_back(minute)
        elif deed == "set":
            clock.unix_ms += 90_000
        else:
            clock.advance(1 if deed == "second" else 60)
    told += made.last()
    assert totals(told)["defect"] == parts
    assert all(minute.until_mono <= clock.mono_ms for minute in told)
