"""Lessons on disk: what was kept comes back, or there is an error."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.lesson_file import LessonFile, LessonsDamaged
from edge_runtime.state_folder import MediumRefused
from tests.edge_runtime.lessons.lessons_made import good_rows, impression, lesson

if TYPE_CHECKING:
    from pathlib import Path

GOOD, DEFECTIVE = (lesson(kind, impression(row)) for kind, row in zip(Kind, good_rows(2), strict=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lessons" / "gate.sqlite"


def test_what_was_kept_is_there_after_a_restart(path: Path) -> None:
    assert (LessonFile(path).read().lessons, path.exists()) == ((), False)
    assert [LessonFile(path).add(one, place) for place, one in enumerate((GOOD, DEFECTIVE))] == [1, 2]
    kept = LessonFile(path).read()
    assert kept.revision == 2
    for found, wanted in zip(kept.lessons, (GOOD, DEFECTIVE), strict=True):
        np.testing.assert_array_equal(found.impression.features, wanted.impression.features)
        np.testing.assert_array_equal(found.impression.heat_map, wanted.impression.heat_map)
        same = replace(found, number=wanted.number, impression=wanted.impression)
        assert same == wanted
        assert (found.impression.score, found.impression.threshold) == (0.5, 1.0)


def test_a_number_is_never_given_twice_and_every_change_counts(path: Path) -> None:
    file = LessonFile(path)
    file.remove(file.add(GOOD, 0), 1)
    assert file.add(DEFECTIVE, 2) == 2
    assert (len(file.read().lessons), file.read().revision, file.read().number) == (1, 3, 2)


def test_any_bit_that_changed_is_damage_or_changes_nothing(path: Path) -> None:
    LessonFile(path).add(DEFECTIVE, 0)
    whole, noticed = path.read_bytes(), 0
    wanted = [(one.kind, one.part, one.impression.features.tobytes()) for one in LessonFile(path).read().lessons]
    for place in np.flatnonzero(np.frombuffer(whole, np.uint8)).tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            kept = LessonFile(path).read()
        except LessonsDamaged:
            noticed += 1
        else:
            assert [(one.kind, one.part, one.impression.features.tobytes()) for one in kept.lessons] == wanted
    assert noticed > 500


def test_what_only_the_check_of_the_whole_file_finds_is_damage(path: Path) -> None:
    LessonFile(path).add(GOOD, 0)
    content = bytearray(path.read_bytes())
    pages = [place for place in range(4096, len(content), 4096) if content[place] == 13]
    content[pages[0] + 7] += 1
    path.write_bytes(content)
    with pytest.raises(LessonsDamaged, match="ragmentation"):
        LessonFile(path).read()


def test_a_file_that_cannot_be_asked_for_is_damaged_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(LessonsDamaged, match="wanted the lessons in"):
        LessonFile(tmp_path / "loop" / "gate.sqlite").read()


def test_a_file_that_is_gone_or_another_takes_no_change(path: Path) -> None:
    file = LessonFile(path)
    file.add(GOOD, 0)
    old = path.read_bytes()
    file.add(DEFECTIVE, 1)
    path.write_bytes(old)
    with pytest.raises(LessonsDamaged, match="revision 1 and not 2"):
        file.add(GOOD, 2)
    with pytest.raises(LessonsDamaged, match="revision 1 and not 2"):
        file.remove(1, 2)
    assert path.read_bytes() == old
    path.unlink()
    with pytest.raises(LessonsDamaged, match="no file any more"):
        file.add(GOOD, 1)
    assert not path.exists()


def test_a_new_file_goes_on_where_the_old_one_ended(path: Path) -> None:
    file = LessonFile(path)
    file.begin(7, 4)
    assert (file.read().revision, file.read().number) == (7, 4)
    assert file.add(GOOD, 7) == 5


@pytest.mark.parametrize("column", ["about", "features", "heat", "picture", "sum"])
def test_a_byte_that_changed_is_noticed(path: Path, column: str) -> None:
    LessonFile(path).add(GOOD, 0)
    with closing(sqlite3.connect(path)) as con, con:
        kept = con.execute(f"SELECT {column} FROM lessons").fetchone()[0]  # noqa: S608 - one of five names
        changed = f"x{kept[1:]}" if isinstance(kept, str) else b"x" + kept[1:]
        con.execute(f"UPDATE lessons SET {column} = ?", (changed,))  # noqa: S608 - the same
    with pytest.raises(LessonsDamaged, match="checksum of lesson 1"):
        LessonFile(path).read()


@pytest.mark.parametrize("content", [b"", b"nothing of the kind" * 300])
def test_a_file_that_holds_nothing_of_what_was_kept_is_damaged(path: Path, content: bytes) -> None:
    LessonFile(path).add(GOOD, 0)
    path.write_bytes(content)
    with pytest.raises(LessonsDamaged, match="wanted the lessons in"):
        LessonFile(path).read()


def test_a_file_that_was_cut_short_is_damaged_and_can_be_set_aside(path: Path) -> None:
    LessonFile(path).add(GOOD, 0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LessonsDamaged):
        LessonFile(path).read()
    aside = LessonFile(path).set_aside()
    assert aside is not None
    assert aside.name == "gate.sqlite.damaged-1"
    assert LessonFile(path).set_aside() is None
    assert LessonFile(path).read().lessons == ()


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "lessons").write_text("a file where the folder should be")
    with pytest.raises((MediumRefused, ValueError), match="wanted"):
        LessonFile(tmp_path / "lessons" / "gate.sqlite").add(GOOD, 0)
