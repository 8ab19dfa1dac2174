from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.people.claims import ClaimRule, grants_of
from fleet_manager.people.roles import Grant, Role

RULES = (
    ClaimRule("groups", "line-leads", Grant("plant/hall", Role.OPERATOR)),
    ClaimRule("groups", "engineers", Grant("plant/hall", Role.ENGINEER)),
    ClaimRule("email", "anna@example.org", Grant("*", Role.ADMIN)),
)


@pytest.mark.parametrize(
    ("claims", "grants"),
    [
        ({"groups": ["line-leads", "canteen"]}, [Grant("plant/hall", Role.OPERATOR)]),
        ({"groups": ["line-leads", "engineers"]}, [Grant("plant/hall", Role.ENGINEER)]),
        ({"groups": "line-leads"}, [Grant("plant/hall", Role.OPERATOR)]),
        ({"email": "anna@example.org", "email_verified": True}, [Grant("*", Role.ADMIN)]),
        ({"email": "anna@example.org"}, []),
        ({"email": "anna@example.org", "email_verified": False}, []),
        ({"email": "anna@example.org", "email_verified": "true"}, []),
        ({"email": "Anna@example.org", "email_verified": True}, []),
        ({"groups": "my-line-leads"}, []),
        ({"groups": {"line-leads": True}}, []),
        ({"groups": [["line-leads"]]}, []),
        ({"groups": None, "email": 7}, []),
        ({}, []),
    ],
)
def test_claims_give_the_grants_of_the_rules_that_they_meet(claims, grants):
    assert list(grants_of(claims, RULES)) == grants


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["groups", "email", "sub"]), json))
def test_claims_that_no_rule_knows_give_nothing(claims):
    assert grants_of(claims, RULES) == ()
