"""Whom the provider has proven gets an account with the roles of their claims, and never somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.errors import RefusedError
from fleet_manager.people.claims import ClaimRule
from fleet_manager.people.principal import SYSTEM
from fleet_manager.people.provider_log_in import NotLetIn, ProviderLogIn
from fleet_manager.people.roles import Grant, Role
from tests.fakes.people import ADDRESS

if TYPE_CHECKING:
    from tests.fakes.people import Office

HALL = "plant/hall"
RULES = (
    ClaimRule("groups", "line-leads", Grant(HALL, Role.OPERATOR)),
    ClaimRule("groups", "it", Grant("*", Role.ADMIN)),
)
ISSUER = "https://idp.example"


def door(office: Office, issuer: str = ISSUER) -> ProviderLogIn:
    people = office.people
    return ProviderLogIn(
        office.engine, people.audit, people.sessions, office.clock, issuer, RULES, "preferred_username"
    )


def said(*groups: str, sub: str = "0042", name: Any = "Lena") -> dict[str, Any]:
    return {"sub": sub, "preferred_username": name, "groups": list(groups)}


def acts(office: Office) -> list[tuple[str, str, str]]:
    return [(one.action, one.object, one.result) for one in reversed(office.people.audit.page(["*"]))]


def test_somebody_new_gets_an_account_with_the_roles_of_their_groups(office: Office) -> None:
    secret = door(office).log_in(said("line-leads", "smokers"), ADDRESS)
    person = office.people.gate.person(secret)
    assert person is not None
    assert (person.name, person.grants) == ("lena", (Grant(HALL, Role.OPERATOR),))
    assert acts(office)[-2:] == [("make account", "account:lena", "done"), ("log in", "account:lena", "done")]
    assert office.people.audit.page(["*"], limit=1)[0].detail == f"{ADDRESS} by {ISSUER}"


def test_who_comes_again_is_the_same_person_whatever_they_are_called(office: Office) -> None:
    first = office.people.gate.person(door(office).log_in(said("it"), ADDRESS))
    again = office.people.gate.person(door(office).log_in(said("it", name="lena.married"), ADDRESS))
    assert first == again


def test_the_name_of_an_account_here_opens_it_to_nobody(office: Office) -> None:
    with pytest.raises(NotLetIn, match="has the name anna"):
        door(office).log_in(said("line-leads", name="anna"), ADDRESS)
    assert acts(office)[-1] == ("log in", "account:anna", "refused")
    assert ("make account", "account:anna", "done") not in acts(office)
    assert [one.name for one in office.people.accounts.everybody()] == ["anna"]


def test_a_subject_of_another_provider_is_somebody_else(office: Office) -> None:
    door(office).log_in(said("it"), ADDRESS)
    with pytest.raises(NotLetIn, match="has the name lena"):
        door(office, "https://other.example").log_in(said("it"), ADDRESS)


def test_who_has_no_role_is_told_so_and_gets_no_account(office: Office) -> None:
    with pytest.raises(NotLetIn, match="wanted a role for you"):
        door(office).log_in(said("smokers"), ADDRESS)
    assert [one.name for one in office.people.accounts.everybody()] == ["anna"]
    assert acts(office)[-1][2] == "refused"


def test_roles_follow_the_provider_and_end_former_sessions(office: Office) -> None:
    before = door(office).log_in(said("it"), ADDRESS)
    person = office.people.gate.person(before)
    assert person is not None
    token, _ = office.people.tokens.make(person, "x", (Grant("*", Role.ADMIN),), 9)
    now = door(office).log_in(said("line-leads"), ADDRESS)
    assert office.people.gate.person(before) is None
    assert office.people.gate.person(now).grants == (Grant(HALL, Role.OPERATOR),)
    assert office.people.gate.program(token).grants == (Grant(HALL, Role.OPERATOR),)
    with pytest.raises(NotLetIn):
        door(office).log_in(said(), ADDRESS)
    assert office.people.gate.person(now) is None
    assert office.people.gate.program(token).grants == ()


def test_who_is_switched_off_stays_out(office: Office) -> None:
    door(office).log_in(said("it"), ADDRESS)
    office.people.accounts.switch(SYSTEM, "lena", is_enabled=False)
    with pytest.raises(NotLetIn, match="switched off"):
        door(office).log_in(said("it"), ADDRESS)
    assert acts(office)[-2:] == [("switch off", "account:lena", "done"), ("log in", "account:Lena", "refused")]


@pytest.mark.parametrize("name", ["", "  ", None, 7 * [1], "Lena Müller", "x" * 65, "\0"])
def test_a_name_that_is_none_makes_no_account(office: Office, name: Any) -> None:
    with pytest.raises(NotLetIn, match="wanted a name for you"):
        door(office).log_in(said("it", name=name), ADDRESS)


def test_such_an_account_has_neither_a_password_nor_roles_of_an_admins(office: Office) -> None:
    door(office).log_in(said("it"), ADDRESS)
    with pytest.raises(RefusedError, match="identity provider"):
        office.people.links.invite(SYSTEM, "lena")
    with pytest.raises(RefusedError, match="identity provider"):
        office.people.accounts.regrant(SYSTEM, "lena", ())
    assert office.people.accounts.of("lena").has_identity


def test_the_log_holds_after_all_of_it(office: Office) -> None:
    for groups in (("it",), (), ("line-leads",)):
        try:
            door(office).log_in(said(*groups), ADDRESS)
        except NotLetIn:
            continue
    assert office.people.audit.verify().broken is None
