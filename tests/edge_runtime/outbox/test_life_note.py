from __future__ import annotations

import os
import zlib
from contextlib import closing
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_runtime.outbox.life_note import LENGTH, SYNCED_EVERY, LifeNote, still_owed
from edge_runtime.outbox.spool_schema import Life

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EPOCH = "00000000000000aa"


def test_what_was_noted_is_read_again_by_the_next_process(tmp_path: Path) -> None:
    with closing(LifeNote(tmp_path / "s.life")) as note:
        for last in range(1, 300):
            note.keep(Life(EPOCH, last, last // 2))
            assert LifeNote(tmp_path / "s.life").read() == Life(EPOCH, last, last // 2)
    assert (tmp_path / "s.life").stat().st_size == LENGTH


def test_a_shorter_note_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    with closing(LifeNote(tmp_path / "s.life")) as note:
        note.keep(Life(EPOCH, 2**53 - 1, 2**53 - 1))
        note.keep(Life("f" * 16, 1, 0))
        assert note.read() == Life("f" * 16, 1, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 40), byte=st.integers(0, 255))
def test_a_note_with_one_wrong_byte_is_no_note(tmp_path: Path, place: int, byte: int) -> None:
    path = tmp_path / "s.life"
    with closing(LifeNote(path)) as note:
        note.keep(Life(EPOCH, 1234567, 1000000))
        spoilt = bytearray(path.read_bytes())
        is_same = spoilt[place] == byte
        spoilt[place] = byte
        path.write_bytes(spoilt)
        assert (note.read() is not None) == is_same


def test_what_is_owed_is_noted_until_a_later_commit_has_placed_it(tmp_path: Path) -> None:
    with closing(LifeNote(tmp_path / "s.life")) as note:
        note.keep(Life(EPOCH, 7, 3, owed=12, owed_minutes=2))
        noted = LifeNote(tmp_path / "s.life").read()
    assert noted == Life(EPOCH, 7, 3, owed=12, owed_minutes=2)
    assert still_owed(noted, Life(EPOCH, 7)) == (12, 2)
    assert still_owed(noted, Life(EPOCH, 9)) == (0, 0)
    assert still_owed(noted, Life("f" * 16)) == (12, 2), "the spool of then is gone, and so is what it refused"
    assert still_owed(None, Life(EPOCH, 7)) == (0, 0)


def test_a_note_that_knows_of_no_minutes_is_still_read(tmp_path: Path) -> None:
    body = f"{EPOCH} 7 3 12"
    (tmp_path / "s.life").write_text(f"{body} {zlib.crc32(body.encode()):08x}\n")
    assert LifeNote(tmp_path / "s.life").read() == Life(EPOCH, 7, 3, owed=12)


def test_no_note_and_an_empty_one_are_none(tmp_path: Path) -> None:
    assert LifeNote(tmp_path / "s.life").read() is None
    (tmp_path / "s.life").write_bytes(b"")
    assert LifeNote(tmp_path / "s.life").read() is None


def test_a_note_costs_a_sync_only_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    with closing(LifeNote(tmp_path / "s.life")) as note:
        for last in range(1, 4 * SYNCED_EVERY):
            note.keep(Life(EPOCH, last))
    assert len(synced) == 4


def test_a_note_that_cannot_be_written_is_said_once_and_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(LifeNote(tmp_path / "gone" / "s.life")) as note:
        for last in range(3):
            note.keep(Life(EPOCH, last))
    assert caplog.text.count("wanted a note of the spool's life") == 1
