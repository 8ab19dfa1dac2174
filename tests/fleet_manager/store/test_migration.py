from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import fleet_manager
from edge_contracts.errors import BadInputError
from fleet_manager.store import tables
from fleet_manager.store.database import StoreUnavailable, database_url, open_database
from fleet_manager.store.migration import head, is_current, migrate


def test_the_chain_of_migrations_makes_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    engine = open_database(database_url(tmp_path / "store.sqlite"))
    migrate(engine)
    migrate(engine)
    assert is_current(engine)
    import_every_table()
    with engine.connect() as con:
        assert compare_metadata(MigrationContext.configure(con), tables.metadata) == []
    engine.dispose()


def import_every_table() -> None:
    for path in Path(fleet_manager.__file__).parent.glob("*/*.py"):
        if " = Table(" in path.read_text("utf-8"):
            importlib.import_module(f"fleet_manager.{path.parent.name}.{path.stem}")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    engine = open_database(database_url(path))
    migrate(engine)
    with closing(sqlite3.connect(path)) as con:
        con.execute("UPDATE alembic_version SET version_num = '9999'")
        con.commit()
    assert head() != "9999"
    with pytest.raises(BadInputError, match="run the newer lepton"):
        migrate(engine)
    assert not is_current(engine)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.sqlite"
    engine = open_database(database_url(path))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("alembic.operations.Operations.create_index", broken)
    with pytest.raises(RuntimeError):
        migrate(engine)
    engine.dispose()
    with closing(sqlite3.connect(path)) as con:
        assert con.execute("SELECT name FROM sqlite_master").fetchall() == []


@pytest.mark.parametrize("url", ["mysql://host/name", "no url at all://", "sqlite+nothing:///x", "http://host"])
def test_what_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="sqlite:///FILE or postgresql"):
        open_database(url).dispose()


def test_a_file_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    engine = open_database(database_url(tmp_path / "nowhere" / "store.sqlite"))
    with pytest.raises(StoreUnavailable, match="nowhere"):
        migrate(engine)
    engine.dispose()
