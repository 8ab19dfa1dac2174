"""`lepton demo` gives a full disk its room back, and leaves what helps to find another fault."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, NoReturn

from click.testing import CliRunner

from lepton.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from lepton.demo.run import DemoPlan


def demo(folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> str:
    def failing(plan: DemoPlan, *_: Any) -> NoReturn:
        (plan.folder / "good").mkdir()
        (plan.folder / "good" / "part-0001.jpg").touch()
        raise error

    monkeypatch.setattr("lepton.demo.run.run_demo", failing)
    done = CliRunner().invoke(main, ["demo", "-o", str(folder), "--json"])
    assert done.exit_code == 2
    return done.stderr


def test_a_full_disk_gets_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert "No space left" in demo(tmp_path / "out" / "demo", monkeypatch, error)
    assert list((tmp_path / "out" / "demo").iterdir()) == []


def test_another_fault_leaves_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        demo(tmp_path / "demo", monkeypatch, OSError(errno.EIO, "Input/output error"))
        assert (tmp_path / "demo" / "good" / "part-0001.jpg").exists()


def test_other_files_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precious.txt").touch()
    assert "found other files" in demo(tmp_path, monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    assert [each.name for each in tmp_path.iterdir()] == ["precious.txt"]
