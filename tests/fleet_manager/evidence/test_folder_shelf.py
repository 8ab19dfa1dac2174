from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_manager.evidence.folder_shelf import FolderShelf
from tests.fakes.syncs import synced

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DIGEST = "ab" * 32


def test_no_name_on_the_way_to_a_whole_file_is_lost_by_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part"
    part.write_bytes(b"picture")
    found = synced(monkeypatch)
    FolderShelf(tmp_path).keep(part, "plant/hall", DIGEST)
    hall = tmp_path / "plant" / "hall"
    assert {folder.stat().st_ino for folder in (tmp_path, hall.parent, hall, hall / "ab")} <= found
