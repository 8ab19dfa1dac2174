from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_manager.people.delegation import capped, may_manage, may_regrant, normal
from fleet_manager.people.roles import Grant, Permission, Role, may

SITES = ["plant/hall", "plant/yard", "other/hall"]
anywhere = st.sampled_from([*SITES, "*"])
some_grants = st.lists(st.builds(Grant, anywhere, st.sampled_from(Role)), max_size=4)
permissions = st.sampled_from(Permission)


@given(some_grants, some_grants, permissions, anywhere)
def test_a_token_may_what_both_it_and_its_owner_may(token, owner, permission, site):
    both = may(token, permission, site) and may(owner, permission, site)
    assert may(capped(token, owner), permission, site) == both


@given(some_grants, permissions, anywhere)
def test_one_grant_per_site_says_the_same(grants, permission, site):
    short = normal(grants)
    assert len({grant.site for grant in short}) == len(short)
    assert may(short, permission, site) == may(grants, permission, site)


@given(some_grants, some_grants, some_grants)
def test_nobody_gives_or_takes_what_is_outside_their_sites(admin, before, after):
    if may_regrant(admin, before, after):
        for site in [*SITES, "*"]:
            if not may(admin, Permission.MANAGE_PEOPLE, site):
                assert [each for each in normal(before) if each.site == site] == [
                    each for each in normal(after) if each.site == site
                ]


@given(some_grants, some_grants)
def test_only_an_admin_of_all_their_sites_manages_somebody(admin, other):
    sites = [grant.site for grant in other] or ["*"]
    assert may_manage(admin, other) == all(may(admin, Permission.MANAGE_PEOPLE, site) for site in sites)


def test_an_admin_of_one_site_cannot_take_over_an_admin_of_all():
    local = [Grant("plant/hall", Role.ADMIN)]
    assert may_manage(local, [Grant("plant/hall", Role.ADMIN)])
    assert not may_manage(local, [Grant("*", Role.VIEWER)])
    assert not may_regrant(local, [], [Grant("*", Role.VIEWER)])
    assert not may_regrant(local, [Grant("plant/yard", Role.VIEWER)], [])


def test_who_has_no_role_is_for_the_admins_of_all():
    local, viewer = [Grant("plant/hall", Role.ADMIN)], [Grant("plant/hall", Role.VIEWER)]
    assert not may_manage(local, [])
    assert not may_regrant(local, [], viewer)
    assert may_regrant(local, viewer, [])
    assert may_regrant([Grant("*", Role.ADMIN)], [], viewer)


@given(some_grants)
def test_to_change_nothing_is_for_those_who_may_change_everything(grants):
    assert not may_regrant([Grant("plant/hall", Role.ADMIN)], grants, grants)
    assert may_regrant([Grant("*", Role.ADMIN)], grants, grants)
