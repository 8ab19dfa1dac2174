"""A spool that version 1 filled is taken over with every row and place, wherever that breaks off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from edge_contracts.verdict import Outcome
from edge_runtime.outbox import spool_upgrade
from edge_runtime.outbox.spool_errors import SpoolRefused
from edge_runtime.outbox.spool_tables import COLUMNS, TABLE_OF
from tests.fakes.letters import letter, minute_letter
from tests.fakes.spools import LONG, SMALL, spool, write

if TYPE_CHECKING:
    from pathlib import Path

    from edge_runtime.outbox.spool_batch import SpooledRow
    from edge_runtime.outbox.spool_schema import Life

ROWS_OF_VERSION_1 = """CREATE TABLE rows (
        seq INTEGER PRIMARY KEY,
        class INTEGER NOT NULL,
        leaf TEXT NOT NULL,
        charge INTEGER NOT NULL,
        mono_ms INTEGER NOT NULL,
        body BLOB NOT NULL)"""


def filled(path: Path) -> tuple[Life, list[SpooledRow]]:
    """A full spool with rows of every class, and what it holds."""
    with closing(spool(path)) as file:
        for number in range(60):
            write(file, letter(Outcome.DEFECT if number % 3 else Outcome.UNKNOWN, LONG), lost=number % 2)
        write(file, *(minute_letter() for _ in range(5)), free_through=2)
        tables = {table: file._con.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLE_OF.values()}  # noqa: S608 - ours
        assert (0,) not in tables.values()
        return file.life, file.read(1, 1000)


def turn_into_version_1(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.execute("DROP VIEW rows")
        con.execute(ROWS_OF_VERSION_1)
        con.execute("CREATE INDEX rows_by_class ON rows (class, seq)")
        for row_class, table in TABLE_OF.items():
            con.execute(
                f"INSERT INTO rows (class, {COLUMNS}) SELECT {int(row_class)}, {COLUMNS} FROM {table}"  # noqa: S608 - ours
            )
            con.execute(f"DROP TABLE {table}")
        con.execute("PRAGMA user_version = 1")


@pytest.fixture
def of_version_1(tmp_path: Path) -> tuple[Path, Life, list[SpooledRow]]:
    path = tmp_path / "s"
    life, rows = filled(path)
    turn_into_version_1(path)
    return path, life, rows


def test_a_spool_of_version_1_is_taken_over_row_by_row(of_version_1: tuple[Path, Life, list[SpooledRow]]) -> None:
    path, life, rows = of_version_1
    with closing(spool(path, start=700)) as again:
        assert again.damaged is None
        assert again.life == life
        assert again.read(1, 1000) == rows
        assert [place.seq for place in write(again, letter())] == [life.last_seq + 1]
    assert sum(file.stat().st_size for file in path.parent.iterdir()) <= SMALL.max_bytes


@pytest.mark.parametrize("step", range(4))
def test_taking_over_goes_on_where_it_broke_off(of_version_1: tuple[Path, Life, list[SpooledRow]], step: int) -> None:
    path, life, rows = of_version_1
    moves = [mock.DEFAULT] * step + [sqlite3.OperationalError("disk I/O error")] * 2
    with (
        mock.patch.object(spool_upgrade, "_move", wraps=spool_upgrade._move, side_effect=moves),
        pytest.raises(SpoolRefused, match="disk I/O error"),
    ):
        spool(path)
    with closing(spool(path, start=700)) as again:
        assert (again.damaged, again.life, again.read(1, 1000)) == (None, life, rows)


def test_on_a_full_disk_the_reserve_makes_room_to_take_over(
    of_version_1: tuple[Path, Life, list[SpooledRow]],
) -> None:
    path, life, rows = of_version_1
    reserve = path.with_name("s.reserve")
    move = spool_upgrade._move

    def on_a_full_disk(con: sqlite3.Connection, through: int) -> None:
        if reserve.exists():
            raise sqlite3.OperationalError("database or disk is full")
        move(con, through)

    assert reserve.exists()
    with mock.patch.object(spool_upgrade, "_move", on_a_full_disk), closing(spool(path, start=700)) as again:
        assert (again.damaged, again.life, again.read(1, 1000)) == (None, life, rows)
