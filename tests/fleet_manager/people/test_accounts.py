from __future__ import annotations

import threading

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.people.accounts import LastAdmin, words_of
from fleet_manager.people.principal import SYSTEM, NotAllowed
from fleet_manager.people.roles import Grant, Permission, Role
from tests.fakes.people import EVERYWHERE_ADMIN, OPERATOR, PASSWORD

LOCAL_ADMIN = (Grant("plant/hall", Role.ADMIN),)


def principal(office, name):
    return office.people.accounts.of(name).principal


def last_entry(office):
    return office.people.audit.page({"*"}, limit=1)[0]


def test_a_new_account_has_its_grants_and_no_password(office):
    made = office.people.accounts.make(principal(office, "anna"), "bert", OPERATOR)
    assert (made.name, made.grants, made.has_password, made.is_enabled) == ("bert", OPERATOR, False, True)
    assert [each.name for each in office.people.accounts.everybody()] == ["anna", "bert"]
    entry = last_entry(office)
    assert (entry.name, entry.action, entry.object) == ("anna", "make account", "account:bert")
    assert entry.detail == "operator at plant/hall"


@pytest.mark.parametrize("name", ["", "Anna", "anna miller", "-anna", "ä", "a" * 65, "anna\n", "anna"])
def test_a_name_that_is_none_or_taken_is_refused(office, name):
    with pytest.raises(BadInputError):
        office.people.accounts.make(SYSTEM, name, OPERATOR)


def test_new_grants_count_at_once_and_end_the_sessions(office):
    office.join("bert")
    session = office.log_in("bert")
    office.people.accounts.regrant(SYSTEM, "bert", [Grant("plant/yard", Role.VIEWER)])
    assert office.people.gate.person(session) is None
    bert = office.people.gate.person(office.log_in("bert"))
    assert bert.may(Permission.SEE_ALERTS, "plant/yard")
    assert not bert.may(Permission.SEE_ALERTS, "plant/hall")


def test_an_account_that_is_switched_off_is_out_until_it_is_switched_on(office):
    office.join("bert")
    session = office.log_in("bert")
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    assert office.people.gate.person(session) is None
    with pytest.raises(PermissionError):
        office.log_in("bert")
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=True)
    assert office.people.gate.person(office.log_in("bert")).name == "bert"
    assert office.people.gate.person(session) is None


def test_an_admin_of_one_site_manages_that_site_alone(office):
    office.join("local", LOCAL_ADMIN)
    local, accounts = principal(office, "local"), office.people.accounts
    accounts.make(local, "bert", OPERATOR)
    accounts.regrant(local, "bert", LOCAL_ADMIN)
    for refused in (
        lambda: accounts.make(local, "carl", [Grant("plant/yard", Role.VIEWER)]),
        lambda: accounts.make(local, "carl", EVERYWHERE_ADMIN),
        lambda: accounts.regrant(local, "bert", [*OPERATOR, Grant("*", Role.VIEWER)]),
        lambda: accounts.make(local, "carl", ()),
        lambda: accounts.regrant(local, "anna", ()),
        lambda: accounts.regrant(local, "anna", EVERYWHERE_ADMIN),
        lambda: accounts.regrant(local, "local", EVERYWHERE_ADMIN),
        lambda: accounts.switch(local, "anna", is_enabled=False),
    ):
        with pytest.raises(NotAllowed) as told:
            refused()
        assert "admin at *" not in str(told.value).partition("found")[2]
        assert (last_entry(office).name, last_entry(office).result) == ("local", "refused")
    assert [each.name for each in accounts.everybody()] == ["anna", "bert", "local"]


def test_what_concerns_one_site_is_an_entry_for_its_admins(office):
    anna, accounts = principal(office, "anna"), office.people.accounts
    accounts.make(anna, "bert", OPERATOR)
    office.people.links.redeem(office.people.links.invite(anna, "bert"), PASSWORD)
    office.log_in("bert")
    accounts.switch(anna, "bert", is_enabled=False)
    accounts.regrant(anna, "bert", LOCAL_ADMIN)
    accounts.regrant(anna, "bert", EVERYWHERE_ADMIN)
    seen = [one.action for one in reversed(office.people.audit.page({"plant/hall"}))]
    assert seen == ["make account", "make password link", "log in", "switch off", "change grants"]
    assert office.people.audit.page({"plant/yard"}) == []


def test_who_is_no_admin_manages_nobody(office):
    office.join("bert", (Grant("*", Role.ENGINEER),))
    bert = principal(office, "bert")
    with pytest.raises(NotAllowed):
        office.people.accounts.make(bert, "carl", ())
    with pytest.raises(NotAllowed):
        office.people.accounts.regrant(bert, "bert", EVERYWHERE_ADMIN)


def test_the_last_admin_stays(office):
    office.people.accounts.make(SYSTEM, "bert", EVERYWHERE_ADMIN)
    with pytest.raises(LastAdmin, match="make another one first"):
        office.people.accounts.regrant(SYSTEM, "anna", OPERATOR)
    with pytest.raises(LastAdmin):
        office.people.accounts.switch(SYSTEM, "anna", is_enabled=False)
    assert office.people.accounts.of("anna").grants == EVERYWHERE_ADMIN
    assert office.people.gate.person(office.log_in("anna")) is not None


def test_of_two_admins_who_remove_each_other_at_once_one_stays(office):
    office.join("bert", EVERYWHERE_ADMIN)
    anna, bert = principal(office, "anna"), principal(office, "bert")
    outcome = []

    def remove(by, name):
        try:
            office.people.accounts.regrant(by, name, ())
            outcome.append("removed")
        except LastAdmin:
            outcome.append("stays")

    threads = [threading.Thread(target=remove, args=args, name=args[1]) for args in ((anna, "bert"), (bert, "anna"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcome) == ["removed", "stays"]


def test_who_is_not_there_is_told_so(office):
    with pytest.raises(BadInputError, match="list of people"):
        office.people.accounts.regrant(SYSTEM, "nobody", OPERATOR)


def test_grants_are_told_in_words():
    assert (
        words_of([Grant("plant/hall", Role.ENGINEER), Grant("*", Role.VIEWER)]) == "engineer at plant/hall, viewer at *"
    )
    assert words_of([]) == "no role"
