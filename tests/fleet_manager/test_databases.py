from __future__ import annotations

import sqlalchemy as sa


def test_a_test_has_an_empty_database_for_itself(database_url):
    engine = sa.create_engine(database_url)
    assert sa.inspect(engine).get_table_names() == []
    with engine.begin() as con:
        con.execute(sa.text("CREATE TABLE parts (name TEXT)"))
    engine.dispose()


test_the_next_test_has_another = test_a_test_has_an_empty_database_for_itself
