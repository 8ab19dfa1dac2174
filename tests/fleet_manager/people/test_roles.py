from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.errors import BadInputError
from fleet_manager.people.roles import LOWEST_ROLE, Grant, Permission, Role, may, permitted_sites

SITES = ["plant/hall", "plant/yard", "other/hall"]
sites = st.sampled_from(SITES)
grants = st.lists(st.builds(Grant, st.sampled_from([*SITES, "*"]), st.sampled_from(Role)), max_size=4)
permissions = st.sampled_from(Permission)

MAY = {
    Role.DEVICE: {"send evidence"},
    Role.VIEWER: {"send evidence", "see alerts"},
    Role.OPERATOR: {"send evidence", "see alerts", "acknowledge", "comment", "label", "export"},
    Role.ENGINEER: {
        "send evidence", "see alerts", "acknowledge", "comment", "label", "export", "send commands",
        "change configuration",
    },
    Role.ADMIN: {permission.value for permission in Permission},
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_this_and_nothing_else(role):
    allowed = {each.value for each in Permission if may([Grant("plant/hall", role)], each, "plant/hall")}
    assert allowed == MAY[role]


def test_every_permission_has_a_lowest_role():
    assert set(LOWEST_ROLE) == set(Permission)


@given(st.sampled_from([*SITES, "*"]), st.sampled_from(Role), permissions, sites)
def test_a_higher_role_may_all_that_a_lower_one_may(at, role, permission, site):
    if may([Grant(at, role)], permission, site):
        assert all(may([Grant(at, higher)], permission, site) for higher in Role if higher >= role)


@given(grants, grants, permissions, sites)
def test_one_grant_more_takes_nothing_away(some, more, permission, site):
    if may(some, permission, site):
        assert may([*some, *more], permission, site)


@given(grants, permissions, sites)
def test_grants_at_other_sites_give_nothing_here(some, permission, site):
    here = [grant for grant in some if grant.site in {site, "*"}]
    assert may(some, permission, site) == may(here, permission, site)
    assert not may([grant for grant in some if grant not in here], permission, site)


@given(st.lists(st.builds(Grant, sites, st.sampled_from(Role))), permissions)
def test_no_number_of_sites_is_every_site(some, permission):
    assert not may(some, permission, "*")


@given(grants, permissions, sites)
def test_a_list_is_filtered_by_the_sites_that_a_question_would_name(some, permission, site):
    allowed = permitted_sites(some, permission)
    assert may(some, permission, site) == bool(allowed & {site, "*"})
    assert "*" not in allowed or allowed == {"*"}


@pytest.mark.parametrize("site", ["", "plant", "plant/", "/hall", "plant/hall/line", "Plant/hall", "*/hall", "plant/*",
                                  "plant/hall\n", "a" * 33 + "/hall", "**"])  # fmt: skip
def test_what_is_no_site_is_refused(site):
    with pytest.raises(BadInputError, match="org/site"):
        Grant(site, Role.VIEWER)


def test_a_role_is_found_by_its_word_alone():
    assert [Role.from_word(role.word) for role in Role] == list(Role)
    with pytest.raises(BadInputError, match="viewer, operator, engineer, admin"):
        Role.from_word("ADMIN")
