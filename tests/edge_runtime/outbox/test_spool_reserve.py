from __future__ import annotations

from typing import TYPE_CHECKING

from edge_runtime.outbox.spool_reserve import Reserve

if TYPE_CHECKING:
    from pathlib import Path


def test_the_reserve_takes_its_blocks_and_gives_them_back(tmp_path: Path) -> None:
    path = tmp_path / "s.reserve"
    reserve = Reserve(path, 1 << 20)
    reserve.hold()
    assert reserve.held
    assert path.stat().st_blocks * 512 >= 1 << 20
    assert reserve.give_up()
    assert not path.exists()
    assert not reserve.give_up()


def test_a_reserve_found_at_opening_is_used(tmp_path: Path) -> None:
    Reserve(tmp_path / "r", 1 << 16).hold()
    before = (tmp_path / "r").stat().st_ino
    again = Reserve(tmp_path / "r", 1 << 16)
    again.hold()
    assert again.held
    assert (tmp_path / "r").stat().st_ino == before


def test_no_reserve_is_made_on_a_disk_that_has_no_room_for_it(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "r", 1 << 60)
    reserve.hold()
    assert not reserve.held
    assert not (tmp_path / "r").exists()
