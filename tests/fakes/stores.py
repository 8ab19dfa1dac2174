"""Stores for tests: migrated once, then copied, because a migration takes longer than most tests."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.database import database_url, open_database

if TYPE_CHECKING:
    from collections.abc import Callable


def opened_store(path: Path, unix_ms: Callable[[], int] = lambda: 0) -> AlertStore:
    """The store in a SQLite file, made if it is absent."""
    if not path.exists():
        path.write_bytes(_empty())
    return AlertStore(open_database(database_url(path)), unix_ms)


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        AlertStore.open(path, lambda: 0).close()
        return path.read_bytes()
