import pytest

from fleet_manager.people.csrf import csrf_fits, csrf_token

SECRET, OTHER = "ab" * 32, "cd" * 32


def test_a_form_of_the_session_fits():
    assert csrf_fits(SECRET, csrf_token(SECRET))


@pytest.mark.parametrize("token", ["", csrf_token(OTHER), csrf_token(SECRET)[:-1], csrf_token(SECRET).upper(), SECRET,
                                   "ü", "\ud800"])  # fmt: skip
def test_any_other_form_does_not(token):
    assert not csrf_fits(SECRET, token)


def test_the_token_does_not_tell_the_secret():
    assert SECRET not in csrf_token(SECRET)
    assert len(csrf_token(SECRET)) == 64
