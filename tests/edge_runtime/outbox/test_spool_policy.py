from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.ack import Ack
from edge_contracts.gap import MAX_RANGES, SeqRange
from edge_runtime.outbox.spool_policy import (
    PAGE_BYTES,
    AckVerdict,
    FreedAnswer,
    RowClass,
    SpoolLimits,
    Victim,
    as_ranges,
    charge,
    choose_victims,
    holes_between,
    in_gaps,
    judge_ack,
    merged,
)
from edge_runtime.outbox.spool_schema import connect, create_life
from edge_runtime.outbox.spool_tables import TABLE_OF

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = "a" * 16
SEQS = st.sets(st.integers(1, 200))


def test_statistics_are_shed_before_unknowns_and_unknowns_before_defects() -> None:
    assert sorted(RowClass) == [RowClass.STATISTICS, RowClass.UNKNOWN, RowClass.DEFECT, RowClass.KEPT]


def test_no_more_is_shed_than_is_needed() -> None:
    rows = [Victim(seq, 100) for seq in range(1, 10)]
    assert [v.seq for v in choose_victims(iter(rows), 250)] == [1, 2, 3]
    assert choose_victims(iter(rows), 0) == []


def test_shedding_gives_up_when_there_is_nothing_left_to_shed() -> None:
    assert len(choose_victims(iter([Victim(1, 100)]), 10_000)) == 1


@given(SEQS)
def test_ranges_cover_exactly_their_sequences(seqs: set[int]) -> None:
    ranges = as_ranges(seqs)
    assert [seq for r in ranges for seq in range(r.first, r.last + 1)] == sorted(seqs)
    assert all(before.last + 1 < after.first for before, after in itertools.pairwise(ranges))


@given(SEQS, SEQS)
def test_merged_ranges_cover_what_both_covered(one: set[int], two: set[int]) -> None:
    assert merged([*as_ranges(one), *as_ranges(two)]) == as_ranges(one | two)


@given(st.integers(0, 50), st.integers(51, 200), SEQS)
def test_holes_are_what_nobody_tells_of(floor: int, top: int, told: set[int]) -> None:
    expected = as_ranges(set(range(floor + 1, top + 1)) - told)
    assert tuple(holes_between(floor, top, as_ranges(seq for seq in told if seq <= top))) == expected


def test_no_gap_record_gets_more_ranges_than_it_may_carry() -> None:
    ranges = as_ranges(range(1, 6 * MAX_RANGES, 2))
    portions = in_gaps(ranges)
    assert [len(portion) for portion in portions] == [MAX_RANGES] * 3
    assert [r for portion in portions for r in portion] == list(ranges)


@pytest.mark.parametrize("max_bytes", [1 << 20, 8 << 20, 256 << 20])
def test_the_budget_leaves_room_for_reserve_and_log(max_bytes: int) -> None:
    limits = SpoolLimits(max_bytes, 4 << 20)
    assert limits.reserve <= max_bytes // 4
    assert limits.rows_budget + limits.reserve + limits.log_pages * PAGE_BYTES <= max_bytes
    assert limits.rows_budget > max_bytes // 3


def test_a_spool_that_fits_sheds_nothing() -> None:
    limits = SpoolLimits(1 << 20)
    assert limits.to_free(limits.rows_budget) == 0
    assert limits.to_free(limits.rows_budget + 1) > 1


@pytest.mark.parametrize("body_bytes", [300, 600, 1300, 2100, 3900])
def test_a_row_is_charged_with_at_least_the_disk_that_it_takes(tmp_path: Path, body_bytes: int) -> None:
    rows = 500
    with closing(connect(tmp_path / "spool.sqlite", SpoolLimits())) as con:
        create_life(con, EPOCH)
        before = con.execute("PRAGMA page_count").fetchone()[0]
        con.execute("BEGIN")
        values = [(seq, "alert", 0, 2**40 + seq, bytes(body_bytes)) for seq in range(1, rows + 1)]
        con.executemany(f"INSERT INTO {TABLE_OF[RowClass.DEFECT]} VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608 - ours
        con.execute("COMMIT")
        grown = (con.execute("PRAGMA page_count").fetchone()[0] - before) * PAGE_BYTES
    assert grown <= rows * charge(body_bytes) + 4 * PAGE_BYTES


def verdict(seq: int, epoch: str = EPOCH) -> AckVerdict:
    return judge_ack(Ack(epoch=epoch, seq=seq), epoch=EPOCH, freed_through=10, sent_through=20)


def test_an_acknowledgement_of_what_was_sent_frees_it() -> None:
    assert verdict(11) is AckVerdict.FREES
    assert verdict(20) is AckVerdict.FREES


def test_an_acknowledgement_of_the_future_frees_nothing() -> None:
    assert verdict(21) is AckVerdict.BEYOND_SENT


def test_an_acknowledgement_of_another_life_frees_nothing() -> None:
    assert verdict(15, epoch="b" * 16) is AckVerdict.OTHER_EPOCH


def test_a_repeated_acknowledgement_says_nothing_new() -> None:
    assert verdict(10) is AckVerdict.NOTHING_NEW


def test_a_manager_below_the_freed_floor_asks_for_freed_rows() -> None:
    assert verdict(9) is AckVerdict.ASKS_FOR_FREED


def test_one_late_acknowledgement_is_no_reason_for_a_gap() -> None:
    answer = FreedAnswer(settle_ms=1000)
    assert not answer.is_due(5, 0)
    assert not answer.is_due(5, 900)
    answer.higher_seen()
    assert not answer.is_due(5, 5000)


def test_a_manager_that_keeps_asking_is_answered_once_per_period() -> None:
    answer = FreedAnswer(settle_ms=1000, repeat_ms=10_000)
    assert not answer.is_due(5, 0)
    assert answer.is_due(5, 1000)
    assert not answer.is_due(5, 2500)
    assert not answer.is_due(5, 11_000)
    assert answer.is_due(5, 12_500)


def test_a_range_is_a_range() -> None:
    assert as_ranges([3, 1, 2, 2]) == (SeqRange(first=1, last=3),)


def test_the_spool_is_a_write_ahead_log_that_syncs_each_commit(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "spool.sqlite", SpoolLimits())) as con:
        assert con.execute("PRAGMA synchronous").fetchone() == (2,)
        assert con.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert con.execute("PRAGMA page_size").fetchone() == (PAGE_BYTES,)
        assert sqlite3.threadsafety >= 1
