from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from fleet_manager.people.password_rules import check_password

GUESSED_FIRST = [
    "passwordpassword", "Password1234!", "P@ssw0rd12345", "administrator", "Administrator1", "admin1234567",
    "123456789012", "098765432109", "111111111111", "abcabcabcabc", "qwertyuiopasdf", "1q2w3e4r5t6y", "abcdefghijkl",
    "welcome-2024-welcome", "iloveyou!!!!", "lepton-edge-1", "LeptonEdge2026", "factory.12345", "anna.miller1",
    "annamiller12", "anna-anna-anna", "............", "zyxwvutsrqponm",
]  # fmt: skip


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Regenschirm am Dach", "bål på stranda i går", "x9#fQ2!mZp4w"]
)
def test_a_password_nobody_guesses_is_taken(password):
    assert check_password(password, "anna") == password


@pytest.mark.parametrize("password", GUESSED_FIRST)
def test_what_is_guessed_first_is_refused(password):
    with pytest.raises(BadInputError, match="first to be guessed"):
        check_password(
            password, "anna.miller" if "anna.m" in password else "annamiller" if "annam" in password else "anna"
        )


@pytest.mark.parametrize(("password", "taken"), [("short words", False), ("shorter words", True),
                                                 ("ab 3" * 32, False), ("river " + "xy9 " * 30, True),
                                                 ("river " + "xy9 " * 31, False)])  # fmt: skip
def test_twelve_to_128_characters_are_wanted(password, taken):
    try:
        check_password(password, "anna")
    except BadInputError:
        assert not taken
    else:
        assert taken


@pytest.mark.parametrize("password", ["twelve words\n", "twelve \0 words", "twelve words \ud800"])
def test_what_cannot_be_typed_is_refused(password):
    with pytest.raises(BadInputError, match="control characters"):
        check_password(password, "anna")


def test_one_text_is_one_password_however_it_was_typed():
    assert check_password("Bu\u0308gel am Weg!", "anna") == check_password("B\u00fcgel am Weg!", "anna")


@pytest.mark.parametrize("password", ["Zq7-Wx9", "Password1234!", "Zq7-Wx9\tRt5-Yp3", "Zq7-Wx9 " * 30])
def test_a_refusal_does_not_repeat_the_password(password):
    with pytest.raises(BadInputError) as caught:
        check_password(password, "anna")
    assert password.strip() not in str(caught.value)


@given(st.text(max_size=200), st.sampled_from(["anna", "a", "7", "@"]))
def test_any_text_is_taken_or_refused_in_words(password, name):
    told = ""
    try:
        taken = check_password(password, name)
    except BadInputError as err:
        taken, told = "", str(err)
    assert 12 <= len(taken) <= 128 or told.startswith("wanted a password")
