from __future__ import annotations

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.pages.people_page import Draft, GrantRow, Regrant, grant_rows, grants_of, people_page
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
    (line,) = people_page([account(2, *grants)], ADMIN, [], Draft(), None).people
    sent = {f"{word}-{at}": getattr(row, word) for at, row in enumerate(line.rows) for word in ("role", "site")}
    assert sent["site-0"] == "all sites"
    assert grants_of(grant_rows(sent)) == list(grants)


@pytest.mark.parametrize(
    "rows", [(), (GrantRow("boss", "plant/hall"),), (GrantRow("viewer", "hall"),), (GrantRow("viewer"),)]
)
def test_a_row_that_is_no_role_is_refused(rows: tuple[GrantRow, ...]) -> None:
    with pytest.raises(BadInputError):
        grants_of(rows)


def test_a_form_that_was_refused_stands_there_as_it_was_sent() -> None:
    written = Regrant("p2", (GrantRow("viewer", "hall"),))
    first, second = people_page([account(2), account(3)], ADMIN, [], Draft(), None, written).people
    assert (first.is_open, first.rows) == (True, (GrantRow("viewer", "hall"), GrantRow()))
    assert (second.is_open, second.rows) == (False, (GrantRow(),))


def test_a_role_where_no_device_is_known_is_marked() -> None:
    grants = (Grant("*", Role.VIEWER), Grant("plant/hal", Role.OPERATOR), Grant("plant/hall", Role.OPERATOR))
    (line,) = people_page([account(2, *grants)], ADMIN, ["plant/hall"], Draft(), None).people
    assert line.unknown == ("plant/hal",)


def test_the_widest_right_is_never_offered_first_and_a_stations_role_to_nobody() -> None:
    page = people_page([], ADMIN, ["plant/hall"], Draft(), None)
    assert page.draft.site == ""
    assert "device" not in {choice.value for choice in page.roles}


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
