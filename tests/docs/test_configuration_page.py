"""What the page on configurations says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from edge_contracts.station.remote_text import OWN_TABLES
from edge_runtime.remote.managed_station import FILE
from fleet_manager.configuration import signing_key
from fleet_manager.configuration.standing import MEANINGS, Standing

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "configure-from-the-manager.md").read_text("utf-8")


def test_every_standing_is_told() -> None:
    told = PAGE.partition("## 3. Watch it")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", told, re.MULTILINE) == [one.value for one in Standing]
    assert list(MEANINGS) == list(Standing)


def test_the_boards_own_tables_and_files_are_named() -> None:
    assert all(f"`[{table}]`" in PAGE for table in OWN_TABLES)
    assert f"`{FILE}`" in PAGE
    assert f"`{signing_key.FILE}`" in PAGE
