from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.message import ClockTrust
from edge_contracts.station import Records
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.outbox.delivery_clock import this_boot
from edge_runtime.records import verdict_records
from edge_runtime.records.recorded_verdicts import RecordedVerdicts
from edge_runtime.records.verdict_records import VerdictRecords
from tests.fakes.clock import NS_PER_S, FakeClock
from tests.fakes.parts import inspected, verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_contracts.verdict_row import VerdictRow

NOON_NS = 1_795_262_400 * NS_PER_S
"""2026-11-21 12:00:00 UTC."""


class Bench:
    """Records over two clocks that a test moves: `wall_ns` may jump, the monotonic one may not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mono_ns = 100 * NS_PER_S
        self.wall_ns = NOON_NS
        self.troubles: list[str | None] = []
        self.records = VerdictRecords(
            folder,
            Records(),
            FakeClock(),
            lambda: ClockTrust.NTP,
            wall_ns=lambda: self.wall_ns,
            boot="0123456789abcdef",
            on_trouble=self.troubles.append,
        )

    def pass_s(self, seconds: float, *, jump_s: float = 0.0) -> None:
        self.mono_ns += int(seconds * NS_PER_S)
        self.wall_ns += int((seconds + jump_s) * NS_PER_S)

    def take(self, part: str, cause: Cause = Cause.CLEAN) -> None:
        self.records.take(inspected(verdict(cause, part=part, decided_at_ns=self.mono_ns)))

    @property
    def rows(self) -> list[VerdictRow]:
        return list(RecordedVerdicts(self.folder))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_every_verdict_has_its_line_good_ones_too(bench: Bench) -> None:
    for part, cause in [("1", Cause.CLEAN), ("2", Cause.THRESHOLD), ("3", Cause.DARK)]:
        bench.take(part, cause)
        bench.pass_s(1)
    bench.records.flush()
    assert [(row.part, row.outcome) for row in bench.rows] == [
        ("1", Outcome.GOOD),
        ("2", Outcome.DEFECT),
        ("3", Outcome.UNKNOWN),
    ]
    first = bench.rows[0]
    assert first.time.isoformat() == "2026-11-21T12:00:00+00:00"
    assert (first.mono_s, first.boot, first.clk, first.frame) == (100.0, "0123456789abcdef", ClockTrust.NTP, 1)
    assert [path.name for path in bench.folder.iterdir()] == ["2026-11-21.csv"]


def test_a_line_names_the_boot_as_statistics_and_birth_do(tmp_path: Path) -> None:
    records = VerdictRecords(tmp_path, Records(), FakeClock(), lambda: ClockTrust.NTP)
    records.take(inspected(verdict()))
    records.flush()
    assert [row.boot for row in RecordedVerdicts(tmp_path)] == [this_boot()]


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0])
def test_a_clock_that_jumps_an_hour_is_told_and_the_order_stays(bench: Bench, jump_s: float) -> None:
    bench.take("before")
    bench.pass_s(1, jump_s=jump_s)
    bench.take("behind")
    bench.pass_s(1)
    bench.take("later")
    bench.records.flush()
    assert [row.part for row in bench.rows] == ["before", "behind", "later"]
    assert [row.step_s for row in bench.rows] == [None, jump_s, None]
    assert [row.mono_s for row in bench.rows] == [100.0, 101.0, 102.0]


def test_a_clock_that_jumps_to_1970_writes_another_day_and_overwrites_none(bench: Bench) -> None:
    bench.take("today")
    bench.records.flush()
    bench.wall_ns = 5 * NS_PER_S
    bench.take("in 1970")
    bench.records.flush()
    bench.wall_ns = NOON_NS + 10 * NS_PER_S
    bench.take("today again")
    bench.records.flush()
    by_day = {day: [row.part for row in RecordedVerdicts(bench.folder).of(day)] for day in ("1970-01-01", "2026-11-21")}
    assert by_day == {"1970-01-01": ["in 1970"], "2026-11-21": ["today", "today again"]}
    assert [row.step_s is not None for row in bench.rows] == [True, False, True]


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_keeps_the_lines_waiting_and_is_told_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", full_disk)
        for part in ("1", "2"):
            bench.take(part)
            bench.records.flush()
    assert bench.rows == []
    bench.records.flush()
    assert [row.part for row in bench.rows] == ["1", "2"]
    assert [trouble is None for trouble in bench.troubles] == [False, True]
    assert (bench.records.counts.failures, bench.records.counts.lost) == (2, 0)


def test_what_waits_is_bounded_and_the_next_line_says_how_many_are_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_records, "LINES_MAX", 2)
    for part in "12345":
        bench.take(part)
    bench.records.flush()
    bench.take("6")
    bench.records.flush()
    assert [(row.part, row.lost) for row in bench.rows] == [("1", 0), ("2", 0), ("6", 3)]
    assert bench.records.counts.lost == 3


def test_the_thread_writes_and_the_end_writes_the_rest(tmp_path: Path) -> None:
    clock = FakeClock(patient=True)
    records = VerdictRecords(tmp_path, Records(), clock, lambda: ClockTrust.NONE)
    records.start()
    records.take(inspected(verdict(Cause.CLEAN)))
    assert records.stop(10.0)
    assert len(list(RecordedVerdicts(tmp_path))) == 1
    assert clock.waits_s[0] == Records().sync_s


def test_what_the_disk_does_not_take_by_the_end_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = VerdictRecords(tmp_path, Records(), FakeClock(patient=True), lambda: ClockTrust.NONE)
    monkeypatch.setattr("os.fdatasync", full_disk)
    records.start()
    records.take(inspected(verdict(Cause.CLEAN)))
    assert not records.stop(10.0)
    assert records.counts.lost == 1


def test_a_fault_of_ours_costs_lines_that_are_counted_never_the_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.take("1")
    with monkeypatch.context() as patch:
        patch.setattr(verdict_records, "csv_lines", lambda _rows: 1 / 0)
        bench.records._turn()
    bench.take("2")
    bench.records._turn()
    assert [(row.part, row.lost) for row in bench.rows] == [("2", 1)]


@pytest.mark.parametrize("damage", [lambda body: body[:-5], lambda body: body + b"half,a,line"])
def test_a_reader_passes_over_a_line_that_is_being_written(bench: Bench, damage: Callable[[bytes], bytes]) -> None:
    for part in "12":
        bench.take(part)
    bench.records.flush()
    path = bench.folder / "2026-11-21.csv"
    path.write_bytes(damage(path.read_bytes()))
    assert [row.part for row in bench.rows][:1] == ["1"]


def test_the_last_verdicts_of_a_point_are_read_newest_file_first(bench: Bench) -> None:
    for day in range(3):
        for part in "ab":
            bench.take(f"{day}{part}")
        bench.records.flush()
        bench.pass_s(86_400)
    reader = RecordedVerdicts(bench.folder)
    assert [row.part for row in reader.last(3)] == ["1b", "2a", "2b"]
    assert [row.part for row in reader.last(99, "gate")] == ["0a", "0b", "1a", "1b", "2a", "2b"]
    assert reader.last(3, "other") == []


def test_lines_of_a_stranger_are_counted(bench: Bench) -> None:
    bench.take("1")
    bench.records.flush()
    with (bench.folder / "2026-11-21.csv").open("a") as file:
        file.write("what,is,this\n")
    reader = RecordedVerdicts(bench.folder)
    assert [row.part for row in reader] == ["1"]
    assert reader.unreadable == 1


def follows(earlier: VerdictRecords, folder: Path, troubles: list[str | None]) -> VerdictRecords:
    """Records after a reload."""
    return VerdictRecords(
        folder,
        Records(),
        FakeClock(),
        lambda: ClockTrust.NTP,
        on_trouble=troubles.append,
        counts=earlier.counts,
        earlier=earlier.unwritten(),
    )


def test_what_a_full_disk_kept_waiting_is_written_by_the_records_after_a_reload(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_records, "LINES_MAX", 2)
    with monkeypatch.context() as patch:
        patch.setattr("os.fdatasync", full_disk)
        bench.records.start()
        for part in "12345":
            bench.take(part)
        assert not bench.records.stop(10.0)
    assert bench.records.counts.lost == 5
    after = follows(bench.records, bench.folder, bench.troubles)
    after.flush()
    after.take(inspected(verdict(Cause.CLEAN, part="6")))
    after.flush()
    assert [(row.part, row.lost) for row in bench.rows] == [("1", 0), ("2", 0), ("6", 3)]
    assert (after.counts.lost, after.counts.written) == (3, 3)
    assert [trouble is None for trouble in bench.troubles] == [False, True]


def test_what_a_thread_holds_that_hangs_is_lost_and_the_next_line_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(bench.records.files, "append", lambda *_: goes_on.wait(10.0))
    bench.take("1")
    bench.records.start()
    assert not bench.records.stop(0.0)
    after = follows(bench.records, bench.folder, [])
    after.take(inspected(verdict(Cause.CLEAN, part="2")))
    after.flush()
    goes_on.set()
    assert bench.records.stop(10.0)
    assert [(row.part, row.lost) for row in bench.rows] == [("2", 1)]
