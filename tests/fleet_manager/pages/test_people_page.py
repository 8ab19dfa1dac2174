from __future__ import annotations

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.pages.people_page import Draft, grants_of, people_page
from fleet_manager.pages.viewer import viewer_of
from fleet_manager.people.account_rows import Account
from fleet_manager.people.principal import Kind, Principal
from fleet_manager.people.roles import Grant, Role

ADMIN = Principal(Kind.PERSON, "anna", (Grant("*", Role.ADMIN),), 9)
ADMIN_HERE = Principal(Kind.PERSON, "ada", (Grant("plant/hall", Role.ADMIN),), 1)


def account(number: int, *grants: Grant) -> Account:
    return Account(number, f"p{number}", is_enabled=True, has_password=True, grants=grants)


def test_roles_are_read_as_they_are_shown() -> None:
    grants = (Grant("*", Role.VIEWER), Grant("plant/hall", Role.OPERATOR))
    page = people_page([account(2, *grants)], ADMIN, [], Draft(), None)
    assert grants_of(page.people[0].grant_lines) == list(grants)


@pytest.mark.parametrize("text", ["operator", "boss at plant/hall", "viewer at hall", "viewer at plant/hall/press"])
def test_a_line_that_is_no_role_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        grants_of(text)


def test_an_admin_of_one_site_sees_its_people_alone() -> None:
    here, there = account(2, Grant("plant/hall", Role.VIEWER)), account(3, Grant("plant/other", Role.VIEWER))
    both, nobody = account(4, *here.grants, *there.grants), account(5)
    page = people_page([here, there, both, nobody], ADMIN_HERE, ["plant/hall", "plant/other"], Draft(), None)
    assert [one.name for one in page.people] == ["p2"]
    assert [choice.value for choice in page.sites] == ["plant/hall"]


def test_the_menu_has_what_somebody_may_see() -> None:
    assert [one.key for one in viewer_of("v", (Grant("*", Role.VIEWER),), "").entries] == [
        "overview",
        "alerts",
        "cases",
        "statistics",
    ]
    assert viewer_of("v", (), "").roles == "no role yet"
