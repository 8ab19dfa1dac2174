"""A spool that can no longer be read, or is gone: what it held is in the ledger of the next one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_contracts.gap import GapReason
from edge_runtime.outbox.spool_file import SpoolFile
from edge_runtime.outbox.spool_policy import SpoolLimits
from edge_runtime.outbox.spool_schema import set_aside
from tests.fakes.letters import ADDRESS, counting_noise, letter
from tests.fakes.spools import LONG, NOW, SMALL, covered, gaps, spool, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("keep_bytes", [1, 100, 4096, 5000])
def test_a_damaged_spool_is_kept_aside_and_a_new_epoch_begins(tmp_path: Path, keep_bytes: int) -> None:
    path = tmp_path / "s"
    with closing(spool(path)) as file:
        write(file, letter(), letter())
        old = file.life.epoch
    path.write_bytes(path.read_bytes()[:keep_bytes].ljust(8192, b"\x55"))
    with closing(spool(path, start=500)) as again:
        assert again.life.epoch != old
        assert again.damaged is not None
        assert again.damaged.read_bytes()[keep_bytes:] == b"\x55" * (8192 - keep_bytes)
        (gap,) = gaps(again)
        assert (gap.data.of_epoch, gap.data.why, covered([gap])) == (old, GapReason.DAMAGED, [1, 2])


def test_a_damaged_spool_that_held_nothing_is_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with closing(spool(path)) as file:
        write(file, letter())
        write(file, free_through=1)
    path.write_bytes(b"\x55" * 8192)
    with closing(spool(path, start=500)) as again:
        assert gaps(again) == []


def test_a_spool_that_is_gone_is_told_of_like_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with closing(spool(path)) as file:
        write(file, letter(), letter(), letter())
        write(file, free_through=1)
        old = file.life.epoch
    path.unlink()
    with closing(spool(path, start=500)) as again:
        (gap,) = gaps(again)
        assert (gap.data.of_epoch, covered([gap])) == (old, [2, 3])


def test_a_life_whose_end_was_not_told_before_a_crash_is_told_at_the_next_start_and_once(tmp_path: Path) -> None:
    path, note = tmp_path / "s", tmp_path / "s.life"
    with closing(spool(path)) as file:
        write(file, letter(), letter())
        old = file.life.epoch
    before = note.read_bytes()
    for name in (path, note):
        name.unlink()
    spool(path, start=500).close()
    note.write_bytes(before)
    for start in (600, 700):
        with closing(spool(path, start=start)) as again:
            assert [(gap.data.of_epoch, covered([gap])) for gap in gaps(again)] == [(old, [1, 2])]


def test_what_was_acknowledged_before_the_damage_is_not_called_lost(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with closing(spool(path)) as file:
        write(file, letter(), letter(), letter())
        known = replace(file.life, freed_through=2)
    path.write_bytes(b"\x55" * 8192)
    with closing(SpoolFile(path, ADDRESS.source, SMALL, NOW, counting_noise(500), known)) as again:
        assert covered(gaps(again)) == [3]


def test_a_damaged_spool_without_a_note_is_said_and_not_guessed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s"
    with closing(spool(path)) as file:
        write(file, letter())
    path.write_bytes(b"\x55" * 8192)
    (tmp_path / "s.life").unlink()
    with closing(spool(path, start=500)) as again:
        assert gaps(again) == []
    assert "is not known" in caplog.text


def test_a_damaged_spool_that_still_tells_its_life_is_written_into_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with closing(spool(path, SpoolLimits())) as file:
        write(file, *(letter(reason=LONG) for _ in range(100)))
        write(file, free_through=10)
        old = file.life.epoch
    with closing(sqlite3.connect(path)) as con:
        root = con.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows_defect'").fetchone()[0]
    with path.open("r+b") as file_bytes:
        file_bytes.seek((root - 1) * 4096)
        file_bytes.write(b"\xff" * 4096)
    with closing(spool(path, start=900)) as again:
        (gap,) = gaps(again)
        assert gap.data.why is GapReason.DAMAGED
        assert gap.data.of_epoch == old
        assert covered([gap]) == list(range(11, 101))


def test_of_many_damaged_files_the_two_that_broke_last_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    for start in range(100, 600, 100):
        spool(path, start=start).close()
        path.write_bytes(start.to_bytes(2, "big") * 4096)
    spool(path, start=900).close()
    files = sorted(tmp_path.glob("s.damaged-*"))
    assert [file.read_bytes()[:2] for file in files] == [start.to_bytes(2, "big") for start in (400, 500)]
    assert sorted(set(tmp_path.iterdir()) - set(files)) == [path, tmp_path / "s.life", tmp_path / "s.reserve"]


def test_a_damaged_file_takes_its_log_along(tmp_path: Path) -> None:
    for name in ("s", "s-wal", "s-shm"):
        (tmp_path / name).write_text(name)
    aside = set_aside(tmp_path / "s", "0f")
    kept = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert (aside.name, kept) == ("s.damaged-0f", {"s.damaged-0f": "s", "s.damaged-0f-wal": "s-wal"})
