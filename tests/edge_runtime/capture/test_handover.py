from __future__ import annotations

from edge_runtime.capture.handover import Handover
from edge_runtime.capture.source import BadReading


def numbered(number: int) -> BadReading:
    return BadReading("", number, 1, "stands for any picture")


def test_nothing_is_wanted_until_somebody_asks() -> None:
    handover = Handover(live=True)
    assert not handover.wanted
    handover.want()
    assert handover.wanted


def test_a_live_source_replaces_what_was_not_taken() -> None:
    handover = Handover(live=True)
    handover.want()
    handover.put(numbered(1))
    handover.put(numbered(2))
    assert handover.take(0) == numbered(2)
    assert not handover.wanted


def test_asking_anew_forgets_a_live_picture_from_before() -> None:
    handover = Handover(live=True)
    handover.want()
    handover.put(numbered(1))
    handover.want()
    assert handover.take(0) is None


def test_a_replayed_picture_waits_for_its_taker_and_no_second_is_asked_for() -> None:
    handover = Handover(live=False)
    handover.want()
    handover.put(numbered(1))
    assert not handover.wanted
    handover.want()
    assert not handover.wanted
    assert handover.take(0) == numbered(1)


def test_a_wish_that_ran_out_of_time_stays_open() -> None:
    handover = Handover(live=False)
    assert handover.take(0) is None
    assert handover.wanted


def test_the_end_comes_after_the_last_picture_was_taken() -> None:
    handover = Handover(live=False)
    handover.put(numbered(1))
    handover.end()
    assert not handover.ended
    assert handover.take(0) == numbered(1)
    assert handover.ended
    assert handover.take(0) is None


def test_the_first_reading_after_the_wish_is_kept_where_it_is_the_one_that_counts() -> None:
    handover = Handover(live=True, keeps_first=True)
    handover.want()
    handover.put(numbered(1))
    assert not handover.wanted
    assert handover.take(0) == numbered(1)
    handover.want()
    handover.put(numbered(2))
    handover.want()
    assert handover.wanted
    assert handover.take(0) is None
