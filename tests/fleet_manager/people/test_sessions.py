from __future__ import annotations

import pytest
import sqlalchemy as sa

from fleet_manager.people.secret_text import digest_of
from fleet_manager.people.tables import sessions

HOUR_S = 3600


def rows(engine):
    with engine.connect() as con:
        return con.execute(sa.select(sessions)).all()


@pytest.fixture
def session(office):
    return office.log_in("anna")


def test_a_session_ends_after_an_hour_without_a_request(office, session):
    office.clock.turn(HOUR_S - 1)
    assert office.people.gate.person(session).name == "anna"
    office.clock.turn(HOUR_S - 1)
    assert office.people.gate.person(session).name == "anna"
    office.clock.turn(HOUR_S)
    assert office.people.gate.person(session) is None


def test_a_session_ends_after_twelve_hours_of_work(office, session):
    for _ in range(23):
        office.clock.turn(HOUR_S / 2)
        assert office.people.gate.person(session) is not None
    office.clock.turn(HOUR_S / 2)
    assert office.people.gate.person(session) is None


def test_a_live_view_that_connects_again_keeps_no_session_alive(office, session):
    for _ in range(3):
        office.clock.turn(HOUR_S / 4)
        assert office.people.gate.person(session, is_use=False) is not None
    office.clock.turn(HOUR_S / 4)
    assert office.people.gate.person(session, is_use=False) is None


def test_use_is_written_at_most_once_a_minute(office, session, fleet_engine):
    def seen_ms():
        return next(row.seen_ms for row in rows(fleet_engine) if row.digest == digest_of(session))

    began_ms = seen_ms()
    office.clock.turn(59)
    office.people.gate.person(session)
    assert seen_ms() == began_ms
    office.clock.turn(1)
    office.people.gate.person(session)
    assert seen_ms() == began_ms + 60_000


def test_a_secret_has_256_bits_and_is_not_in_the_database(session, fleet_engine):
    assert len(bytes.fromhex(session)) == 32
    kept = [str(value) for row in rows(fleet_engine) for value in row]
    assert digest_of(session) in kept
    assert session not in kept


def test_logging_out_ends_this_session_alone(office, session):
    other = office.log_in("anna")
    office.people.gate.log_out(session)
    assert office.people.gate.person(session) is None
    assert office.people.gate.person(other) is not None
    office.people.gate.log_out(session)


def test_sessions_that_are_over_take_no_room(office, session, fleet_engine):
    office.clock.turn(13 * HOUR_S)
    new = office.log_in("anna")
    assert len(rows(fleet_engine)) == 1
    assert office.people.gate.person(new) is not None
    assert office.people.gate.person(session) is None


@pytest.mark.parametrize(("back_s", "is_open"), [(200, True), (400, False), (365 * 86_400, False)])
def test_a_clock_that_is_set_back_far_ends_sessions_instead_of_making_them_long(office, session, back_s, is_open):
    office.clock.turn(-back_s)
    assert (office.people.gate.person(session) is not None) == is_open


@pytest.mark.parametrize("secret", ["", "0" * 64, "x" * 10_000, "\ud800", "\0"])
def test_nonsense_is_no_session(office, secret):
    office.log_in("anna")
    assert office.people.gate.person(secret) is None
