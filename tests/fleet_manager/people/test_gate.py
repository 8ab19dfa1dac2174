from __future__ import annotations

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from edge_contracts.errors import BadInputError
from fleet_manager.people.assembly import assemble_people
from fleet_manager.people.gate import LogInRefused, TooManyAttempts
from fleet_manager.people.passwords import Passwords
from fleet_manager.people.principal import SYSTEM
from fleet_manager.people.tables import accounts
from tests.fakes.people import ADDRESS, PASSWORD, quick_passwords

NEW = "another horse battery"


def refusal(office, name, password):
    with pytest.raises(LogInRefused) as caught:
        office.log_in(name, password)
    return str(caught.value)


def entries(office):
    return [(each.kind, each.name, each.action, each.object, each.result) for each in office.people.audit.page({"*"})]


def test_name_and_password_open_a_session(office):
    person = office.people.gate.person(office.log_in("anna"))
    assert (person.name, person.grants) == ("anna", office.people.accounts.of("anna").grants)
    assert entries(office)[0] == ("person", "anna", "log in", "account:anna", "done")


def test_a_name_may_be_typed_as_a_phone_writes_it(office):
    assert office.log_in(" Anna ")


def test_every_refusal_reads_the_same(office):
    office.join("bert")
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    office.people.accounts.make(SYSTEM, "carl", ())
    told = {
        refusal(office, "anna", "wrong password"),
        refusal(office, "nobody", PASSWORD),
        refusal(office, "bert", PASSWORD),
        refusal(office, "carl", ""),
        refusal(office, "x" * 100_000, "\ud800"),
    }
    assert len(told) == 1


def test_a_failed_log_in_is_written_down_without_what_was_typed(office):
    refusal(office, "anna", "wrong password")
    refusal(office, "my secret password", "x")
    assert entries(office)[:2] == [
        ("stranger", "somebody", "log in", "account", "refused"),
        ("stranger", "somebody", "log in", "account:anna", "refused"),
    ]
    assert all("secret" not in str(each) for each in office.people.audit.page({"*"}))


def test_after_wrong_passwords_even_the_right_one_waits_and_is_not_looked_at(office):
    for _ in range(4):
        refusal(office, "anna", "wrong password")
    with pytest.raises(TooManyAttempts, match="try again in 1 s") as caught:
        office.log_in("anna")
    assert caught.value.wait_s == 1
    office.clock.turn(1)
    assert office.log_in("anna")


def test_guesses_at_a_name_that_nobody_has_are_slowed_down_alike(office):
    for _ in range(4):
        refusal(office, "nobody", PASSWORD)
    with pytest.raises(TooManyAttempts, match="try again in 1 s"):
        office.log_in("nobody")


def test_the_right_password_of_an_account_that_is_switched_off_is_slowed_down_like_a_wrong_one(office):
    office.join("bert")
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    for _ in range(4):
        refusal(office, "bert", PASSWORD)
    with pytest.raises(TooManyAttempts):
        office.log_in("bert")


def test_a_hash_of_old_parameters_is_renewed_at_log_in(office, fleet_engine):
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = assemble_people(fleet_engine, stronger, unix_ms=office.clock)

    def kept():
        with fleet_engine.connect() as con:
            return con.execute(sa.select(accounts.c.password)).scalar_one()

    assert "m=8,t=1" in kept()
    later.gate.log_in("anna", PASSWORD, ADDRESS)
    assert "m=16,t=2" in kept()
    assert later.gate.log_in("anna", PASSWORD, ADDRESS)


def test_ones_own_new_password_ends_every_session_and_opens_a_new_one(office):
    session, other = office.log_in("anna"), office.log_in("anna")
    new = office.people.gate.change_password(session, PASSWORD, NEW, ADDRESS)
    assert [office.people.gate.person(each) is None for each in (session, other, new)] == [True, True, False]
    refusal(office, "anna", PASSWORD)
    assert office.log_in("anna", NEW)


def test_a_stolen_session_does_not_change_the_password(office):
    session = office.log_in("anna")
    for _ in range(4):
        with pytest.raises(LogInRefused):
            office.people.gate.change_password(session, "a guess at it", NEW, ADDRESS)
    with pytest.raises(TooManyAttempts):
        office.people.gate.change_password(session, PASSWORD, NEW, ADDRESS)


def test_a_new_password_that_is_none_to_take_changes_nothing(office):
    session = office.log_in("anna")
    with pytest.raises(BadInputError):
        office.people.gate.change_password(session, PASSWORD, "short", ADDRESS)
    assert office.people.gate.person(session) is not None
    assert office.log_in("anna")


def test_without_a_session_no_password_changes(office):
    with pytest.raises(LogInRefused, match="log in again"):
        office.people.gate.change_password("0" * 64, PASSWORD, NEW, ADDRESS)


def test_a_password_that_was_changed_while_it_was_looked_at_lets_nobody_in(office, monkeypatch):
    looked_at = Passwords.fits

    def fits_then_changes(self, kept, password):
        monkeypatch.setattr(Passwords, "fits", looked_at)
        answer = self.fits(kept, password)
        office.people.links.redeem(office.people.links.invite(SYSTEM, "anna"), NEW)
        return answer

    monkeypatch.setattr(Passwords, "fits", fits_then_changes)
    refusal(office, "anna", PASSWORD)
    assert office.log_in("anna", NEW)


def test_an_account_that_was_switched_off_while_its_password_was_looked_at_lets_nobody_in(office, monkeypatch):
    office.join("bert")
    looked_at = Passwords.fits

    def fits_then_is_off(self, kept, password):
        office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
        return looked_at(self, kept, password)

    monkeypatch.setattr(Passwords, "fits", fits_then_is_off)
    refusal(office, "bert", PASSWORD)


def test_each_log_in_looks_at_one_hash_whoever_it_is(office, monkeypatch):
    looked_at = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda *args: looked_at.append(args[1]) or verify(*args))
    for name in ("anna", "nobody"):
        refusal(office, name, "wrong password")
    assert len(looked_at) == 2
    assert looked_at[1] == quick_passwords()._dummy


def test_what_people_did_is_one_chain(office):
    office.log_in("anna")
    refusal(office, "anna", "wrong password")
    assert office.people.audit.verify().broken is None
    assert office.people.audit.head().seq == len(entries(office))
