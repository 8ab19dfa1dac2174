from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from fleet_manager.people.log_in_delay import LogInDelay
from fleet_manager.people.tables import log_in_delays
from tests.fakes.people import WallClock

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def clock():
    return WallClock()


@pytest.fixture
def delay(fleet_engine, clock):
    return LogInDelay(fleet_engine, clock)


def fail(delay, clock, times, name="anna", address=HERE):
    for _ in range(times):
        wait_ms = delay.attempt(name, address)
        if wait_ms:
            clock.turn(wait_ms / 1000)
            assert delay.attempt(name, address) == 0


def test_three_failures_are_free_then_each_delay_is_twice_the_last(delay, clock):
    fail(delay, clock, 3)
    waits_ms = []
    for _ in range(6):
        fail(delay, clock, 1)
        waits_ms.append(delay.attempt("anna", HERE))
    assert waits_ms == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]


def test_trying_too_early_is_refused_and_not_counted(delay, clock):
    fail(delay, clock, 4)
    assert [delay.attempt("anna", HERE) for _ in range(5)] == [1000] * 5
    clock.turn(1)
    assert delay.attempt("anna", HERE) == 0
    assert delay.attempt("anna", HERE) == 2000


def test_the_delay_survives_a_restart(delay, clock, fleet_engine):
    fail(delay, clock, 6)
    wait_ms = delay.attempt("anna", HERE)
    fleet_engine.dispose()
    assert LogInDelay(fleet_engine, clock).attempt("anna", HERE) == wait_ms == 4000


def test_no_account_is_ever_locked_for_good(delay, clock):
    fail(delay, clock, 60)
    assert 0 < delay.attempt("anna", HERE) <= 900_000
    clock.turn(900)
    assert delay.attempt("anna", HERE) == 0


def test_who_knows_the_password_starts_anew(delay, clock):
    fail(delay, clock, 6)
    delay.was_right("anna", HERE)
    assert [delay.attempt("anna", HERE) for _ in range(3)] == [0, 0, 0]


def test_a_person_is_let_in_from_where_they_were_before_while_others_try_their_account(delay):
    assert delay.attempt("anna", HERE) == 0
    delay.was_right("anna", HERE)
    for number in range(40):
        delay.attempt("anna", f"203.0.113.{number}")
    assert delay.attempt("anna", THERE) > 0
    assert delay.attempt("anna", HERE) == 0


def test_many_machines_that_try_one_account_hold_up_a_new_place_for_half_a_minute_at_most(delay, clock):
    for number in range(40):
        fail(delay, clock, 1, address=f"203.0.113.{number}")
    assert 0 < delay.attempt("anna", THERE) <= 30_000


def test_one_machine_that_tries_many_names_is_slowed_down(delay):
    waits = [delay.attempt(f"name-{number}", HERE) for number in range(40)]
    assert waits[:31] == [0] * 31
    assert all(wait > 0 for wait in waits[31:])
    assert delay.attempt("anna", THERE) == 0


def test_an_account_of_ones_own_does_not_free_an_address_for_guesses(delay, clock):
    for number in range(34):
        fail(delay, clock, 1, name=f"victim-{number}")
    for _ in range(3):
        fail(delay, clock, 1, name="mallory")
        delay.was_right("mallory", HERE)
    fail(delay, clock, 1, name="the next victim")
    assert delay.attempt("one more", HERE) > 0


def test_a_factory_behind_one_router_is_not_slowed_down_by_those_who_get_it_right(delay):
    for number in range(100):
        assert delay.attempt(f"worker-{number}", HERE) == 0
        delay.was_right(f"worker-{number}", HERE)


def test_addresses_of_one_ipv6_host_are_one(delay, clock):
    fail(delay, clock, 5, address="2001:db8::1")
    assert delay.attempt("anna", "2001:db8::2") > 0


def test_attempts_of_one_moment_are_all_counted(delay):
    started, results = threading.Barrier(8), []

    def try_once():
        started.wait(10)
        results.append(delay.attempt("anna", HERE))

    threads = [threading.Thread(target=try_once, name=f"guess {number}") for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == [0] * 4 + [1000] * 4


def test_neither_names_nor_addresses_are_kept_in_clear(delay, fleet_engine):
    delay.attempt("my password by mistake", HERE)
    with fleet_engine.connect() as con:
        subjects = con.execute(sa.select(log_in_delays.c.subject)).scalars().all()
    assert len(subjects) == 3
    assert all(len(subject) == 64 for subject in subjects)


def test_what_is_forgiven_takes_no_room(delay, clock, fleet_engine):
    for number in range(20):
        delay.attempt(f"name-{number}", HERE)
    clock.turn(86_401)
    delay.attempt("anna", HERE)
    with fleet_engine.connect() as con:
        assert con.execute(sa.select(sa.func.count()).select_from(log_in_delays)).scalar() == 3


def test_a_clock_that_is_set_back_locks_nobody_out(delay, clock):
    fail(delay, clock, 12)
    clock.turn(-365 * 86_400)
    assert delay.attempt("anna", HERE) == 0
