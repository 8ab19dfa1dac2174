from __future__ import annotations

import sqlalchemy as sa

from fleet_manager.store.database import open_database, writing
from fleet_manager.store.migration import is_current


def test_a_test_has_an_empty_database_for_itself(database_url):
    engine = open_database(database_url)
    assert sa.inspect(engine).get_table_names() == []
    _write_into(engine)
    engine.dispose()


def test_a_test_has_the_managers_tables_for_itself(fleet_engine):
    assert "parts" not in sa.inspect(fleet_engine).get_table_names()
    assert is_current(fleet_engine)
    _write_into(fleet_engine)


test_the_next_test_has_another = test_a_test_has_an_empty_database_for_itself
test_the_next_test_has_other_tables = test_a_test_has_the_managers_tables_for_itself


def _write_into(engine):
    with writing(engine) as con:
        con.execute(sa.text("CREATE TABLE parts (name TEXT)"))
