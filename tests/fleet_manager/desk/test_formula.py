from __future__ import annotations

import pytest

from fleet_manager.api.csv_cells import csv_text
from fleet_manager.desk.formula import FORMULA_STARTS, harmless


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_no_table_that_the_manager_writes_begins_a_cell_as_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert "'" + start in csv_text([[f"{start}1+1"]])


def test_a_text_is_told_from_one_that_was_guarded() -> None:
    assert len({harmless(text) for text in ("=1", "'=1", "''=1", "1")}) == 4
