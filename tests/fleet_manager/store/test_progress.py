"""How far a device is stored costs no more than the way to the first hole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.event import listen, remove

from fleet_manager.store import progress
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import EPOCH, WHERE, alert_arrival

if TYPE_CHECKING:
    import pytest
    from sqlalchemy import Engine


def test_above_a_hole_one_piece_is_read_however_much_is_stored_there(
    fleet_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PIECE", 3)
    store = AlertStore(fleet_engine, lambda: 0)
    store.take([alert_arrival(seq) for seq in range(3, 20)])
    read: list[str] = []

    def heard(_con: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT places.seq") and "LIMIT" in statement:
            read.append(statement)

    listen(fleet_engine, "before_cursor_execute", heard)
    (word,) = store.take([alert_arrival(1)]).words
    remove(fleet_engine, "before_cursor_execute", heard)
    assert (word.through, len(read)) == (1, 1)
    store.take([alert_arrival(2)])
    assert store.through(WHERE, EPOCH) == 19
