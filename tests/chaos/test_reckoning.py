"""The judge of a run: it must see every loss, and believe the ledger only where its cause is what was done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_contracts.gap import GapReason
from tests.chaos.reckoning import Found, GapRange, Row, reckon, reckon_plain
from tests.chaos.record import Promise, Record, Tally, Told, part_of, read_record

EPOCH = "00112233aabbccdd"
ONE = "station-1"


def promises(*numbers: int) -> dict[int, Promise]:
    return {n: Promise(n, EPOCH, n, f"id-{n}") for n in numbers}


def rows(*numbers: int) -> tuple[Row, ...]:
    return tuple(Row(ONE, EPOCH, n, f"id-{n}", part_of(ONE, n)) for n in numbers)


def found(*numbers: int, ranges: tuple[GapRange, ...] = ()) -> Found:
    held = rows(*numbers)
    return Found(held, ranges, frozenset(row.place for row in held))


def told(*numbers: int, refused: tuple[int, ...] = (), in_hand: tuple[int, ...] = ()) -> dict[str, Told]:
    return {ONE: Told({*numbers, *refused, *in_hand}, promises(*numbers), set(refused))}


def test_what_was_promised_and_is_stored_is_no_loss():
    result = reckon(told(1, 2, 3), found(1, 2, 3))
    assert result.sentence() == "offered 3, stored 3, lost 0, duplicates 0"
    assert result.troubles == ()


def test_a_promise_without_a_row_is_a_loss_that_nothing_explains():
    result = reckon(told(1, 2, 3), found(1, 3))
    assert (result.lost, result.unexplained) == (1, 1)
    assert any("stand in no ledger" in line for line in result.troubles)


def test_what_was_shed_is_lost_and_in_the_ledger():
    result = reckon(told(1, 2, 3), found(3, ranges=(GapRange(ONE, EPOCH, 1, 2, GapReason.SHED),)))
    assert (result.lost, result.unexplained, result.troubles) == (2, 0, ())
    assert "2 in the loss ledger (shed 2)" in result.sentence()


def test_what_a_replaced_database_held_is_lost_and_in_the_ledger():
    gap = (GapRange(ONE, EPOCH, 1, 2, GapReason.FREED),)
    result = reckon(told(1, 2, 3), found(3, ranges=gap), thrown=[(ONE, EPOCH, 1), (ONE, EPOCH, 2)])
    assert (result.lost, result.unexplained, result.troubles) == (2, 0, ())


def test_freed_places_that_no_database_ever_held_are_no_explanation():
    result = reckon(told(1, 2, 3), found(3, ranges=(GapRange(ONE, EPOCH, 1, 2, GapReason.FREED),)))
    assert (result.lost, result.unexplained) == (2, 2)
    assert any("no replaced database held them" in line for line in result.troubles)


def test_what_the_ledger_of_a_replaced_database_named_as_shed_may_be_told_again_as_freed():
    gap = (GapRange(ONE, EPOCH, 1, 2, GapReason.FREED),)
    result = reckon(told(1, 3, refused=(9,)), found(3, ranges=gap), shed_before=[(ONE, EPOCH, 1), (ONE, EPOCH, 2)])
    assert (result.lost, result.unexplained, result.troubles) == (2, 0, ())


def test_a_refused_alert_is_lost_and_its_place_in_a_gap_explains_it():
    gap = (GapRange(ONE, EPOCH, 2, 2, GapReason.SHED),)
    assert reckon(told(1, refused=(9,)), found(1, ranges=gap)).unexplained == 0
    assert reckon(told(1, refused=(9,)), found(1)).unexplained == 1


def test_a_ledger_that_counts_too_much_is_noticed():
    gap = (GapRange(ONE, EPOCH, 2, 4, GapReason.SHED),)
    assert any("more places told" in line for line in reckon(told(1, refused=(9,)), found(1, ranges=gap)).troubles)


def test_what_a_kill_caught_before_any_promise_is_offered_only_where_it_is_stored():
    result = reckon(told(1, in_hand=(2, 3)), found(1, 2))
    assert (result.offered, result.stored, result.lost, result.troubles) == (2, 2, 0, ())
    assert (result.in_hand, result.in_hand_stored) == (2, 1)


@pytest.mark.parametrize("again", [replace(rows(2)[0], seq=9), replace(rows(2)[0], event_id="x", seq=8)])
def test_a_part_stored_twice_is_a_duplicate_whatever_its_place_and_id(again: Row):
    result = reckon(told(1, 2), replace(found(1, 2), rows=(*rows(1, 2), again)))
    assert result.duplicates == 1


def test_a_row_with_another_id_than_its_receipt_or_that_nobody_offered_is_noticed():
    other = replace(rows(2)[0], event_id="x")
    assert any("not what was offered" in line for line in reckon(told(1, 2), Found((*rows(1), other))).troubles)
    assert any("not what was offered" in line for line in reckon(told(1), found(1, 7)).troubles)


def test_a_sequence_against_the_order_of_offering_is_noticed():
    crossed = (replace(rows(1)[0], seq=2), replace(rows(2)[0], seq=1))
    said = {ONE: Told({1, 2}, {1: Promise(1, EPOCH, 2, "id-1"), 2: Promise(2, EPOCH, 1, "id-2")})}
    assert any("sequence below" in line for line in reckon(said, Found(crossed)).troubles)


def test_without_a_ledger_whatever_is_not_stored_is_lost():
    result = reckon_plain(
        {ONE: Told({1, 2, 3, 4}, handed={1, 2, 3})}, [part_of(ONE, 1), part_of(ONE, 1), part_of(ONE, 2)]
    )
    assert result.sentence().startswith("offered 3, stored 2, lost 1, duplicates 1")


def test_a_record_survives_a_line_that_a_kill_cut_short(tmp_path):
    path = tmp_path / "record"
    record = Record(path)
    record.offering([1, 2])
    record.promised(Promise(1, EPOCH, 1, "0" * 36))
    with path.open("a") as file:
        file.write(f"E 2 {EPOCH} 2 0000")
    Record(path).refused(3)
    read = read_record(path)
    assert (read.offered, read.promised.keys(), read.in_hand, read.refused) == ({1, 2}, {1}, {2}, {3})
    assert Tally(path).look() == 3


def test_a_tally_reads_on_where_it_stopped(tmp_path):
    path = tmp_path / "record"
    tally, record = Tally(path), Record(path)
    record.refused(1)
    assert tally.look() == 1
    record.refused(2)
    assert tally.look() == tally.look() == 2
