from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from fleet_manager.store.database import open_database, writing

if TYPE_CHECKING:
    from pathlib import Path


def test_a_transaction_that_writes_holds_the_lock_from_its_first_moment(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'fleet.sqlite'}")
    with closing(sqlite3.connect(tmp_path / "fleet.sqlite", timeout=0, isolation_level=None)) as other:
        with writing(engine), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    engine.dispose()
