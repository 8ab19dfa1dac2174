from __future__ import annotations

from typing import TYPE_CHECKING

from edge_contracts.durable_folder import make_durably
from tests.fakes.syncs import synced

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_new_folder_is_synced_into_the_one_that_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = synced(monkeypatch)
    make_durably(tmp_path / "plant" / "hall")
    assert found == {tmp_path.stat().st_ino, (tmp_path / "plant").stat().st_ino}
    found.clear()
    make_durably(tmp_path / "plant" / "hall")
    assert found == set()
