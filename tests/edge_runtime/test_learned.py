from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_runtime.learned import Learned

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_was_learned_is_there_after_a_restart(tmp_path: Path) -> None:
    assert Learned(tmp_path).keep("gate.png", b"place")
    assert Learned(tmp_path).read("gate.png") == b"place"
    assert Learned(tmp_path).read("other.png") is None


def test_a_full_disk_keeps_what_was_there_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned = Learned(tmp_path)
    learned.keep("gate.png", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert not learned.keep("gate.png", b"new")
    assert learned.read("gate.png") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["gate.png"]
