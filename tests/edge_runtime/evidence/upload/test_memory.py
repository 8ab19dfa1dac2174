from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_runtime.evidence.upload import memory as module
from edge_runtime.evidence.upload.budget import Spent
from edge_runtime.evidence.upload.memory import UploadMemory

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

A, B, C = "a" * 64, "b" * 64, "c" * 64


def test_another_life_of_the_daemon_remembers(tmp_path: Path) -> None:
    first = UploadMemory(tmp_path / "uploaded", "boot-1")
    first.note(A, 100, 7)
    first.note(None, 50, 8)
    again = UploadMemory(tmp_path / "uploaded", "boot-1")
    assert (A in again, B in again) == (True, False)
    assert again.spent == [Spent(7, 100), Spent(8, 50)]


def test_hours_of_another_start_of_the_board_mean_nothing(tmp_path: Path) -> None:
    UploadMemory(tmp_path / "uploaded", "boot-1").note(A, 100, 7)
    again = UploadMemory(tmp_path / "uploaded", "boot-2")
    assert A in again
    assert again.spent == []
    UploadMemory(tmp_path / "uploaded", None).note(B, 100, 7)
    assert UploadMemory(tmp_path / "uploaded", None).spent == []


def test_a_file_that_grew_long_forgets_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES_MOST", 3)
    memory = UploadMemory(tmp_path / "uploaded", "boot-1")
    for digest, hour in ((A, 1), (B, 2), (C, 40), (None, 41)):
        memory.tidy(set, 0)
        memory.note(digest, 10, hour)
    memory.tidy(lambda: {B}, 17)
    assert (A in memory, B in memory, C in memory) == (False, True, False)
    again = UploadMemory(tmp_path / "uploaded", "boot-1")
    assert [B in again, A in again] == [True, False]
    assert again.spent == [Spent(2, 10), Spent(40, 10), Spent(41, 10)]


def test_a_file_whose_lines_all_tell_of_kept_files_is_not_written_anew_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINES_MOST", 2)
    memory, asked = UploadMemory(tmp_path / "uploaded", "boot-1"), []
    for number in range(40):
        memory.note(f"{number:064x}", 10, 1)
        memory.tidy(lambda: asked.append(1) or {f"{each:064x}" for each in range(40)}, 0)  # type: ignore[func-returns-value]
    assert len(asked) <= 6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=400))
def test_a_damaged_file_is_read_as_far_as_it_makes_sense(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "uploaded"
    path.write_bytes(noise + f"\n{A} 10 1 boot-1\n{B} 10".encode())
    memory = UploadMemory(path, "boot-1")
    assert A in memory
    assert B not in memory


def test_a_disk_that_takes_nothing_is_said_once_and_forgets_nothing_in_this_life(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = UploadMemory(tmp_path / "no-folder" / "uploaded", "boot-1")
    with caplog.at_level(logging.WARNING):
        memory.note(A, 1, 1)
        memory.note(B, 1, 1)
    assert caplog.text.count("wanted to note") == 1
    assert A in memory
