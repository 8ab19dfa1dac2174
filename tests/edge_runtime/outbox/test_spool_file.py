from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_contracts.errors import BadInputError
from edge_contracts.gap import GapEvent, GapReason, SeqRange
from edge_contracts.verdict import Outcome
from edge_runtime.outbox.envelope import Letter
from edge_runtime.outbox.spool_batch import Batch, Placed
from edge_runtime.outbox.spool_errors import SpoolBeingRead, SpoolInUse, SpoolRefused
from edge_runtime.outbox.spool_policy import RowClass, SpoolLimits
from tests.fakes.letters import alert, letter, minute_letter
from tests.fakes.spools import LONG, NOW, SMALL, covered, gaps, spool, write

if TYPE_CHECKING:
    from edge_runtime.outbox.spool_file import SpoolFile


def test_sequences_begin_at_one_and_have_no_holes(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        assert [place.seq for place in write(file, letter(), letter())] == [1, 2]
        assert [place.seq for place in write(file, letter())] == [3]


def test_rows_and_life_survive_a_restart_unchanged(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, letter(), letter(), opens_session=True)
        write(file, free_through=1)
        life, rows = file.life, file.read(1, 10)
    with closing(spool(tmp_path / "s", start=99)) as again:
        assert again.life == life
        assert again.read(1, 10) == rows
        assert [place.seq for place in write(again, letter())] == [3]


def test_a_new_spool_is_a_new_epoch(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "one")) as one, closing(spool(tmp_path / "two", start=7)) as two:
        assert one.life.epoch != two.life.epoch
        assert len(one.life.epoch) == 16


def test_two_daemons_cannot_hold_one_spool(tmp_path: Path) -> None:
    with (
        closing(spool(tmp_path / "s")),
        pytest.raises(SpoolInUse, match=r"another daemon running[?] End it, or give this one a state_folder"),
    ):
        spool(tmp_path / "s")


def test_a_spool_that_somebody_reads_is_told_from_one_that_another_daemon_holds(tmp_path: Path) -> None:
    spool(tmp_path / "s").close()
    with closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
        with pytest.raises(SpoolBeingRead, match=r"another program reading it, .* start again"):
            spool(tmp_path / "s")
        reader.execute("COMMIT")
    with closing(spool(tmp_path / "s")) as file, pytest.raises(SpoolInUse, match="another daemon") as held:
        spool(tmp_path / "s")
    assert not isinstance(held.value, SpoolBeingRead)
    assert file.damaged is None


def test_a_spool_without_its_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpoolRefused, match="is the folder there"):
        spool(tmp_path / "nowhere" / "s")


def test_an_acknowledged_row_is_gone(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, letter(), letter(), letter())
        write(file, free_through=2)
        assert [row.seq for row in file.read(1, 10)] == [3]
        assert (file.life.rows, file.life.freed_through) == (1, 2)


def test_a_letter_that_is_too_large_harms_no_other(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        huge = Letter(alert().model_copy(update={"label": "x" * 5000}), NOW, bytes(10))
        good, bad, also_good = file.write(Batch(NOW, (letter(), huge, letter())))
        assert isinstance(bad, BadInputError)
        assert [place.seq for place in (good, also_good) if isinstance(place, Placed)] == [1, 2]


def fill(file: SpoolFile, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        write(file, letter(outcome, LONG))


def test_a_full_spool_sheds_the_oldest_unknown_and_writes_down_which(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        unknown = []
        for _ in range(60):
            fill(file, [Outcome.DEFECT])
            unknown += [place.seq for place in write(file, letter(Outcome.UNKNOWN, LONG))]
        (gap,) = gaps(file)
        lost = covered([gap])
        assert gap.data.why is GapReason.SHED
        assert gap.data.count == len(lost)
        assert lost == unknown[: len(lost)]
        assert not {row.seq for row in file.read(1, 1000)} & set(lost)


def test_defects_are_shed_only_when_no_unknown_is_left(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        fill(file, [Outcome.UNKNOWN] * 10 + [Outcome.DEFECT] * 120)
        lost = covered(gaps(file))
        assert lost[:10] == list(range(1, 11))
        assert len(lost) > 10


def test_an_unknown_that_comes_to_a_spool_full_of_defects_is_shed_itself_and_said_so(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        while not gaps(file):
            fill(file, [Outcome.DEFECT])
        room = file.life.rows
        while True:
            (place,) = write(file, letter(Outcome.UNKNOWN, LONG))
            if not place.kept:
                break
        assert place.seq in covered(gaps(file))
        assert file.life.rows >= room


def test_a_long_outage_does_not_fill_the_spool_with_gaps(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        for _ in range(40):
            write(file, *(letter(Outcome.DEFECT, LONG) for _ in range(50)))
        (gap,) = gaps(file)
        assert gap.data.count > 1800


def test_a_gap_that_was_on_the_wire_is_never_rewritten(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        while not gaps(file):
            fill(file, [Outcome.DEFECT] * 20)
        first = file.read_gaps(1, 10)
        while len(gaps(file)) < 2:
            fill(file, [Outcome.DEFECT] * 20)
        assert file.read_gaps(1, 10)[0] == first[0]


def test_what_no_disk_took_has_its_place_in_the_ledger(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, letter())
        (place,) = write(file, letter(), lost=3)
        assert place.seq == 2
        assert covered(gaps(file)) == [3, 4, 5]
        assert file.life.last_seq == 6


def test_minutes_that_no_disk_took_are_told_apart_from_alerts(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, lost=2, lost_minutes=3)
        told = {gap.data.why: [(piece.first, piece.last) for piece in gap.data.ranges] for gap in gaps(file)}
        assert told == {GapReason.SHED: [(1, 2)], GapReason.STATISTICS: [(3, 5)]}


def test_a_manager_without_memory_gets_a_gap_of_what_is_freed(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, letter(), letter())
        write(file, free_through=2)
        write(file, freed_ranges=(SeqRange(first=1, last=2),))
        (gap,) = gaps(file)
        assert (gap.data.why, covered([gap]), gap.seq) == (GapReason.FREED, [1, 2], 3)


def test_a_loss_that_only_a_freed_gap_told_of_is_told_again_to_a_manager_without_memory(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, letter(), lost=1)
        write(file, letter(), lost=2)
        (gap,) = gaps(file)
        assert (gap.seq, covered([gap])) == (3, [2, 5, 6])
        write(file, free_through=4)
        write(file, letter(), freed_ranges=(SeqRange(first=1, last=4),))
        (freed,) = gaps(file)
        assert (freed.data.why, covered([freed])) == (GapReason.FREED, [1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize("away", ["broker", "manager"])
def test_an_outage_without_end_fills_the_spool_with_alerts_and_not_with_gaps(tmp_path: Path, away: str) -> None:
    folder = in_memory(tmp_path)
    with closing(spool(folder / "s")) as file:
        for _ in range(1500):
            write(file, letter(Outcome.DEFECT, LONG), minute_letter(), lost=1)
            if away == "manager":
                file.read_gaps(1, 10_000)
            assert sum(path.stat().st_size for path in folder.iterdir()) <= SMALL.max_bytes
        rows = file.read(1, 10_000)
        told = set(covered(gaps(file)))
        assert {row.seq for row in rows} | told == set(range(1, file.life.last_seq + 1))
        assert not {row.seq for row in rows} & told
        assert sum(row.leaf == "alert" for row in rows) > 20
    with closing(spool(folder / "s", start=10**6)) as again:
        assert again.life == file.life
        assert again.life.gap_bytes < SMALL.rows_budget / 2
    shutil.rmtree(folder)


def test_another_programs_file_is_kept_aside_and_not_written_into(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE recipes (name)")
        con.commit()
    with closing(spool(path)) as file:
        assert file.damaged is not None
        with closing(sqlite3.connect(file.damaged)) as con:
            assert con.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_minutes_are_shed_before_any_alert_and_the_ledger_calls_them_minutes(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        write(file, *(minute_letter() for _ in range(30)))
        while not gaps(file):
            fill(file, [Outcome.UNKNOWN])
        shed = covered(gaps(file))
        assert shed == list(range(1, len(shed) + 1))
        fill(file, [Outcome.UNKNOWN] * 60)
        minutes, alerts = (
            covered([gap for gap in gaps(file) if gap.data.why is why])
            for why in (GapReason.STATISTICS, GapReason.SHED)
        )
        assert sorted(minutes) == list(range(1, 31))
        assert min(alerts) == 31


def test_a_log_cut_anywhere_opens_as_a_beginning_of_what_was_written(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s")) as file:
        for number in range(6):
            write(file, letter(), letter())
            if number == 3:
                write(file, free_through=3)
        main, log = (tmp_path / "s").read_bytes(), (tmp_path / "s-wal").read_bytes()
    for cut in range(0, len(log), 3001):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / "s").write_bytes(main)
        (folder / "s-wal").write_bytes(log[:cut])
        with closing(spool(folder / "s", start=700)) as again:
            seqs = [row.seq for row in again.read(1, 100)]
            assert seqs == list(range(again.life.freed_through + 1, again.life.last_seq + 1))


def test_a_database_that_may_not_grow_sheds_instead_of_failing(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s", SpoolLimits(16 << 20, 1 << 20))) as file:
        fill(file, [Outcome.UNKNOWN] * 20)
        pages = file._con.execute("PRAGMA page_count").fetchone()[0]
        file._con.execute(f"PRAGMA max_page_count = {pages + 1}")
        fill(file, [Outcome.DEFECT] * 20)
        assert covered(gaps(file))[0] == 1
        assert [place.kept for place in write(file, letter())] == [True]


def test_a_spool_that_cannot_even_shed_refuses_and_stays_whole(tmp_path: Path) -> None:
    with closing(spool(tmp_path / "s", SpoolLimits(16 << 20, 1 << 20))) as file:
        write(file, letter())
        life = file.life
        file._con.execute("PRAGMA query_only = ON")
        with pytest.raises(SpoolRefused, match="free or mend the disk"):
            write(file, letter())
        assert file.life == life
        file._con.execute("PRAGMA query_only = OFF")
        assert [place.seq for place in write(file, letter())] == [2]


@pytest.mark.parametrize("max_bytes", [410_000, 1 << 20])
def test_the_disk_stays_within_the_cap_whatever_is_shed_from_between_what_stays(tmp_path: Path, max_bytes: int) -> None:
    limits = SpoolLimits(max_bytes, max_bytes // 4)
    draw = random.Random(max_bytes)
    folder = in_memory(tmp_path)
    with closing(spool(folder / "s", limits)) as file:
        for _ in range(300):
            share, longest = draw.choice([0.2, 0.4, 0.6]), draw.choice([500, 3200])
            outcomes = draw.choices([Outcome.UNKNOWN, Outcome.DEFECT], (share, 1 - share), k=limits.batch_rows)
            write(file, *(long_letter(outcome, draw.randrange(longest)) for outcome in outcomes))
            assert sum(path.stat().st_size for path in folder.iterdir()) <= max_bytes
        assert gaps(file)
        assert file.life.used > limits.rows_budget * 0.8
    shutil.rmtree(folder)


def in_memory(folder: Path) -> Path:
    """A folder for thousands of commits, none to keep."""
    return Path(tempfile.mkdtemp(dir=IN_MEMORY or folder))


def long_letter(outcome: Outcome, length: int) -> Letter:
    return Letter(alert(outcome).model_copy(update={"label": "x" * length}), NOW, bytes(10))


IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - thousands of commits, none to keep
OUTCOMES = st.sampled_from([Outcome.DEFECT, Outcome.UNKNOWN])


class SpoolModel(RuleBasedStateMachine):
    """A spool beside the simplest thing that behaves like it: a dictionary, a floor, a set of what is in the ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=IN_MEMORY))
        self.start = 1
        self.file = self.open()
        self.epoch = self.file.life.epoch
        self.classes: dict[int, RowClass] = {}
        self.ids: dict[int, str] = {}
        self.freed = 0
        self.in_ledger: set[int] = set()
        self.delivered: set[int] = set()
        self.minutes: set[int] = set()
        self.last = 0
        self.has_folded = False

    def open(self) -> SpoolFile:
        self.start += 100_000
        return spool(self.folder / "s", start=self.start)

    @initialize(count=st.sampled_from([0, 60]))
    def begins_with(self, count: int) -> None:
        for _ in range(count // 12):
            self.appends([Outcome.DEFECT] * 12, length=500)

    @rule(outcomes=st.lists(OUTCOMES, min_size=1, max_size=12), length=st.sampled_from([0, 200, 500]))
    def appends(self, outcomes: list[Outcome], length: int) -> None:
        for outcome, place in zip(
            outcomes, write(self.file, *(letter(o, "x" * length) for o in outcomes)), strict=True
        ):
            self.last += 1
            assert place.seq == self.last
            assert place.epoch == self.epoch
            self.classes[place.seq] = RowClass.DEFECT if outcome is Outcome.DEFECT else RowClass.UNKNOWN
            self.ids[place.seq] = place.event_id
        self.note_shedding()

    @rule(count=st.integers(1, 6))
    def tells_minutes(self, count: int) -> None:
        for place in write(self.file, *(minute_letter() for _ in range(count))):
            self.last += 1
            assert place.seq == self.last
            self.classes[place.seq] = RowClass.STATISTICS
            self.ids[place.seq] = place.event_id
            self.minutes.add(place.seq)
        self.note_shedding()

    @rule(alerts=st.integers(0, 5), minutes=st.integers(0, 3))
    def loses(self, alerts: int, minutes: int) -> None:
        write(self.file, lost=alerts, lost_minutes=minutes)
        first = self.last + 1
        self.last += alerts + minutes
        self.in_ledger |= set(range(first, self.last + 1))
        self.minutes |= set(range(first + alerts, self.last + 1))
        self.note_shedding()

    @rule(share=st.floats(0, 1))
    def frees(self, share: float) -> None:
        before = self.gap_rows()
        write(self.file, free_through=int(share * self.last))
        assert self.freed <= self.file.life.freed_through <= max(self.freed, int(share * self.last))
        self.freed = self.file.life.freed_through
        self.delivered |= set(covered([gap for gap in before if gap.seq <= self.freed]))
        self.classes = {seq: cls for seq, cls in self.classes.items() if seq > self.freed}

    @rule()
    def is_killed_and_opened_again(self) -> None:
        self.file.close()
        self.file = self.open()

    @rule()
    def is_sent(self) -> None:
        self.file.read(self.freed + 1, 1000)

    def note_shedding(self) -> None:
        """Take over what was shed, having checked that nothing of more worth went before something of less."""
        self.last = self.file.life.last_seq
        rows = {row.seq: row for row in self.rows()}
        folded = {seq for seq, cls in self.classes.items() if cls is RowClass.KEPT and seq not in rows}
        self.has_folded |= bool(folded)
        shed = set(self.classes) - set(rows) - folded
        left = {self.classes[seq] for seq in self.classes if seq in rows}
        assert all(self.classes[seq] <= min(left, default=RowClass.KEPT) for seq in shed)
        for worth in {self.classes[seq] for seq in shed}:
            kept = [seq for seq, cls in self.classes.items() if cls is worth and seq in rows]
            assert max(seq for seq in shed if self.classes[seq] is worth) < min(kept, default=self.last + 1)
        for seq in shed | folded:
            del self.classes[seq]
        self.in_ledger |= shed | folded
        for row in rows.values():
            if row.leaf == "gap":
                self.classes.setdefault(row.seq, RowClass.KEPT)

    def rows(self) -> list[_Row]:
        """What is on disk, without counting as on the wire."""
        query = "SELECT seq, leaf, body FROM rows ORDER BY seq"
        return [_Row(*row) for row in self.file._con.execute(query)]

    @invariant()
    def every_sequence_is_a_row_or_freed_or_in_the_ledger(self) -> None:
        rows = self.rows()
        seqs = {row.seq for row in rows}
        told = set(covered(self.gap_rows())) | self.delivered
        unfreed = set(range(self.freed + 1, self.last + 1))
        assert unfreed - seqs == {seq for seq in self.in_ledger if seq > self.freed}
        assert {seq for seq in self.in_ledger if seq > self.freed} <= told
        assert seqs <= unfreed

    def gap_rows(self) -> list[GapEvent]:
        return [GapEvent.model_validate_json(row.body) for row in self.rows() if row.leaf == "gap"]

    @invariant()
    def minutes_and_alerts_are_not_mixed_in_the_ledger(self) -> None:
        for gap in [] if self.has_folded else self.gap_rows():
            are_minutes = {seq in self.minutes for seq in covered([gap])}
            assert are_minutes == {gap.data.why is GapReason.STATISTICS}

    @invariant()
    def a_row_keeps_its_id(self) -> None:
        for row in self.rows():
            if row.leaf != "gap":
                assert json.loads(row.body)["id"] == self.ids[row.seq]

    @invariant()
    def rows_stay_within_their_budget(self) -> None:
        assert self.file.life.used <= SMALL.rows_budget
        assert self.file.life.rows == len(self.rows())

    @invariant()
    def the_disk_stays_within_the_cap(self) -> None:
        sizes = sum(path.stat().st_size for path in self.folder.iterdir())
        assert sizes <= SMALL.max_bytes

    def teardown(self) -> None:
        self.file.close()
        shutil.rmtree(self.folder)


class _Row:
    def __init__(self, seq: int, leaf: str, body: bytes) -> None:
        self.seq, self.leaf, self.body = seq, leaf, body


TestSpoolModel = SpoolModel.TestCase
TestSpoolModel.settings = settings(
    max_examples=int(os.environ.get("LEPTON_EXAMPLES", "15")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
