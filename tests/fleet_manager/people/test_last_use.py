from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from fleet_manager.people.roles import Grant, Role

MINUTE_S = 60


@pytest.fixture
def full(office):
    """A store that can be read and takes no writes."""

    @event.listens_for(office.engine, "before_cursor_execute")
    def refuse(con: object, cursor: object, statement: str, *more: object) -> None:
        del con, cursor, more
        if statement.startswith(("UPDATE", "INSERT", "DELETE")):
            raise OperationalError(statement, {}, OSError("database or disk is full"))

    yield lambda: office.clock.turn(2 * MINUTE_S)
    event.remove(office.engine, "before_cursor_execute", refuse)


def test_a_full_disk_keeps_nobody_out(office, request, caplog) -> None:
    session = office.log_in("anna")
    anna = office.people.gate.person(session)
    token = office.people.tokens.make(anna, "monitoring", (Grant("*", Role.VIEWER),), 30)[0]
    request.getfixturevalue("full")()
    assert office.people.gate.person(session).name == "anna"
    assert office.people.tokens.principal(token).name.startswith("anna/")
    assert caplog.text.count("not written down: database or disk is full") == 2
