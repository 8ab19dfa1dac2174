from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fleet_manager.evidence.durable_folder import make_durably
from fleet_manager.evidence.folder_shelf import FolderShelf

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DIGEST = "ab" * 32


def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The inodes of what is synced from here on."""
    found: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: found.add(os.fstat(descriptor).st_ino))
    return found


def test_a_new_folder_is_synced_into_the_one_that_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = synced(monkeypatch)
    make_durably(tmp_path / "plant" / "hall")
    assert found == {tmp_path.stat().st_ino, (tmp_path / "plant").stat().st_ino}
    found.clear()
    make_durably(tmp_path / "plant" / "hall")
    assert found == set()


def test_no_name_on_the_way_to_a_whole_file_is_lost_by_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"picture")
    found = synced(monkeypatch)
    FolderShelf(tmp_path).keep(part, "plant/hall", DIGEST)
    hall = tmp_path / "plant" / "hall"
    assert {folder.stat().st_ino for folder in (tmp_path, hall.parent, hall, hall / "ab")} <= found
