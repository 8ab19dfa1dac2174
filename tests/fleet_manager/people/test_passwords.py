from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from fleet_manager.people import passwords as module
from fleet_manager.people.passwords import Passwords, TooBusy
from tests.fakes.people import PASSWORD, quick_passwords


class CountingHasher(PasswordHasher):
    """Counts the verifications that it computes."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, *args):
        self.verified += 1
        return super().verify(*args)


def test_only_the_password_fits():
    kept = quick_passwords().digest(PASSWORD)
    assert quick_passwords().fits(kept, PASSWORD)
    assert not quick_passwords().fits(kept, PASSWORD + " ")
    assert PASSWORD not in kept


def test_the_same_password_is_kept_differently_each_time():
    assert quick_passwords().digest(PASSWORD) != quick_passwords().digest(PASSWORD)


def test_one_text_fits_however_it_was_typed():
    kept = quick_passwords().digest("Bu\u0308gel am Weg!")
    assert quick_passwords().fits(kept, "B\u00fcgel am Weg!")


@pytest.mark.parametrize("password", [PASSWORD, "", "x" * 100_000, "\ud800" * 12])
@pytest.mark.parametrize("is_known", [True, False])
def test_each_look_at_a_password_costs_one_verification(is_known, password):
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    kept = passwords.digest("another password") if is_known else None
    assert not passwords.fits(kept, password)
    assert hasher.verified == 1


def test_nobodys_password_lets_nobody_in():
    assert not quick_passwords().fits(None, module._NOBODYS)


def test_the_parameters_are_those_of_rfc_9106():
    kept = Passwords().digest(PASSWORD)
    parameters = extract_parameters(kept)
    assert parameters == RFC_9106_LOW_MEMORY
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65_536, 3, 4)
    assert kept.startswith("$argon2id$")


def test_a_hash_of_other_parameters_is_outdated():
    assert Passwords().is_outdated(quick_passwords().digest(PASSWORD))
    assert not quick_passwords().is_outdated(quick_passwords().digest(PASSWORD))


def test_a_flood_of_log_ins_takes_no_more_memory_than_two(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    passwords = Passwords(CountingHasher())
    with module._Turn(passwords._turns), module._Turn(passwords._turns), pytest.raises(TooBusy, match="try again"):
        passwords.fits(None, PASSWORD)
    assert not passwords.fits(None, PASSWORD)
