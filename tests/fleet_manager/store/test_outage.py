"""A database that cannot be written is an outage that says what to look at, never a fault of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from fleet_manager.store.database import StoreUnavailable, open_database, writing
from fleet_manager.store.migration import migrate

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.fleet_manager.databases import PostgresCluster


def for_reading(url: str) -> Engine:
    if url.startswith("sqlite"):
        return open_database(f"{url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true")
    return open_database(f"{url}&options=-c%20default_transaction_read_only%3Don")


def test_a_database_for_reading_only_says_at_the_start_what_to_look_at(database_url: str) -> None:
    made = open_database(database_url)
    migrate(made)
    made.dispose()
    engine = for_reading(database_url)
    with pytest.raises(StoreUnavailable, match=r"wanted a database at .*, found .*(let|may) this user write"):
        migrate(engine)
    engine.dispose()


def test_a_wrong_name_of_a_database_says_what_to_look_at(postgres: PostgresCluster) -> None:
    engine = open_database(postgres.new_database().replace("/test_", "/nowhere_"))
    with pytest.raises(StoreUnavailable, match=r"does not exist: does that server run.*name and password"):
        migrate(engine)
    engine.dispose()


def test_a_write_on_a_standby_is_tried_again(postgres: PostgresCluster) -> None:
    engine = for_reading(postgres.new_database())
    with pytest.raises(StoreUnavailable, match="read-only"), writing(engine) as con:
        con.execute(text("CREATE TABLE parts (name TEXT)"))
    engine.dispose()
