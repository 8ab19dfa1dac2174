"""A database has one manager, for as long as its connection lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import OutageError
from fleet_manager.store.database import StoreUnavailable
from fleet_manager.store.database_lock import locked_database
from tests.fakes.patience import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet_manager.databases import PostgresCluster


def is_free(url: str) -> bool:
    try:
        with locked_database(url):
            return True
    except OutageError:
        return False


def test_a_second_manager_on_one_database_is_refused_until_the_first_has_ended(postgres: PostgresCluster) -> None:
    url, other = postgres.new_database(), postgres.new_database()
    with locked_database(url):
        with pytest.raises(OutageError, match=r"for this manager alone, found another one on it: stop"):
            locked_database(url).__enter__()
        assert is_free(other)
    eventually(lambda: is_free(url))


def test_a_server_that_is_not_there_says_what_to_look_at() -> None:
    with pytest.raises(StoreUnavailable, match=r"wanted a database at .*does that server run"):
        locked_database("postgresql://lepton@/lepton?host=/nowhere").__enter__()


def test_a_file_needs_no_lock_beside_its_folders(tmp_path: Path) -> None:
    with locked_database(f"sqlite:///{tmp_path / 'fleet.sqlite'}"):
        assert is_free(f"sqlite:///{tmp_path / 'fleet.sqlite'}")
    assert list(tmp_path.iterdir()) == []
