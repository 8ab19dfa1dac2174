from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest

from edge_contracts.verdict import Cause
from edge_runtime.alert_rule import alert_of
from edge_runtime.clock import MonotonicClock
from edge_runtime.outbox import held_note
from edge_runtime.outbox.held_note import ALERTS_MOST, SLOT_BYTES, HeldKeeper, HeldNote
from tests.fakes.parts import verdict
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from edge_contracts.alert import Alert

PATIENCE_S = 10.0


def held(count: int) -> tuple[Alert, ...]:
    return (alert_of(verdict(Cause.DARK, part=str(count)), count),)


def test_the_next_start_reads_what_was_noted_last(tmp_path: Path) -> None:
    note = HeldNote(tmp_path / "held")
    assert note.read() == ()
    for count in range(1, 6):
        note.write(held(count))
        assert HeldNote(tmp_path / "held").read() == held(count)
    again = HeldNote(tmp_path / "held")
    again.read()
    again.write(())
    assert HeldNote(tmp_path / "held").read() == ()


@pytest.mark.parametrize("of_number", [1, 2])
def test_a_power_cut_while_it_is_written_leaves_the_note_before(tmp_path: Path, of_number: int) -> None:
    path = tmp_path / "held"
    note = HeldNote(path)
    for count in range(of_number + 1):
        note.write(held(count + 1))
    content = bytearray(path.read_bytes())
    at = SLOT_BYTES * ((of_number + 1) % 2) + 60
    content[at : at + 8] = b"\0" * 8
    path.write_bytes(content)
    assert HeldNote(path).read() == held(of_number)


def test_a_note_that_nobody_can_read_is_said_and_overwritten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "held").write_bytes(b"\xff" * 100)
    note = HeldNote(tmp_path / "held")
    assert note.read() == ()
    assert "damaged" in caplog.text
    note.write(held(3))
    assert HeldNote(tmp_path / "held").read() == held(3)


def test_a_disk_that_takes_no_note_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    note = HeldNote(tmp_path / "none" / "held")
    for count in (1, 2):
        note.write(held(count))
    assert len(caplog.records) == 1


def test_the_largest_note_fits_its_slot(tmp_path: Path) -> None:
    (one,) = held(7)
    wide = one.model_copy(
        update={"reason": "\U0001f600" * 512, "part": "\U0001f600" * 128, "label": "\U0001f600" * 128}
    )
    note = HeldNote(tmp_path / "held")
    for _ in range(2):
        note.write((wide,) * (ALERTS_MOST + 3))
        assert HeldNote(tmp_path / "held").read() == (wide,) * ALERTS_MOST
    assert (tmp_path / "held").stat().st_size <= 2 * SLOT_BYTES


def test_what_is_held_back_is_noted_while_it_changes_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_note, "PERIOD_S", 0.01)
    written: list[int] = []
    overwrite = HeldNote._overwrite

    def count(note: HeldNote, slot: int, content: bytes) -> None:
        written.append(slot)
        overwrite(note, slot, content)

    monkeypatch.setattr(HeldNote, "_overwrite", count)
    looked: list[None] = []
    now = [held(2)]
    keeper = HeldKeeper(HeldNote(tmp_path / "held"), lambda: looked.append(None) or now[0], MonotonicClock())
    keeper.start()
    eventually(lambda: HeldNote(tmp_path / "held").read() == held(2))
    eventually(lambda: len(looked) > 5)
    assert len(written) == 1
    now[0] = held(3)
    eventually(lambda: HeldNote(tmp_path / "held").read() == held(3))
    now[0] = ()
    assert keeper.stop(PATIENCE_S)
    assert HeldNote(tmp_path / "held").read() == ()


def test_what_another_life_noted_is_not_told_again_by_one_that_dies_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_note, "PERIOD_S", 1000.0)
    HeldNote(tmp_path / "held").write(held(121))
    now = [held(121)]
    keeper = HeldKeeper(HeldNote(tmp_path / "held"), lambda: now[0], MonotonicClock())
    keeper.start()
    now[0] = ()  # it is durable
    eventually(lambda: HeldNote(tmp_path / "held").read() == ())
    assert keeper.stop(PATIENCE_S)


def test_what_a_full_disk_did_not_take_is_noted_once_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_note, "PERIOD_S", 0.01)
    tried = threading.Event()
    overwrite = HeldNote._overwrite

    def full(*_: object) -> None:
        tried.set()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(HeldNote, "_overwrite", full)
    keeper = HeldKeeper(HeldNote(tmp_path / "held"), lambda: held(2), MonotonicClock())
    keeper.start()
    assert tried.wait(PATIENCE_S)
    monkeypatch.setattr(HeldNote, "_overwrite", overwrite)
    eventually(lambda: HeldNote(tmp_path / "held").read() == held(2))
    assert keeper.stop(PATIENCE_S)
