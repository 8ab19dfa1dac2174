from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.people.links import Link, LinkOver
from fleet_manager.people.principal import SYSTEM, NotAllowed
from fleet_manager.people.roles import Grant, Role
from fleet_manager.people.tables import accounts, one_time_links
from tests.fakes.people import ADDRESS, EVERYWHERE_ADMIN, PASSWORD

DAY_S = 86_400
LOCAL_ADMIN = (Grant("plant/hall", Role.ADMIN),)


def principal(office, name):
    return office.people.accounts.of(name).principal


def test_a_new_manager_has_no_account_and_no_password(new_office):
    assert new_office.people.accounts.everybody() == []


def test_whoever_follows_the_set_up_link_is_the_admin_of_everything(new_office):
    links = new_office.people.links
    secret = links.first_set_up()
    assert links.look(secret) == Link(None)
    account = links.redeem(secret, PASSWORD, "anna").account
    assert (account.name, account.grants) == ("anna", EVERYWHERE_ADMIN)
    assert new_office.people.gate.person(new_office.log_in("anna")).name == "anna"


def test_the_set_up_link_is_good_once(new_office):
    links = new_office.people.links
    secret = links.first_set_up()
    links.redeem(secret, PASSWORD, "anna")
    with pytest.raises(LinkOver, match="ask for a new one"):
        links.redeem(secret, PASSWORD, "mallory")
    assert links.first_set_up() is None


def test_each_start_without_an_admin_makes_a_new_set_up_link_and_ends_the_former(new_office):
    links = new_office.people.links
    former, secret = links.first_set_up(), links.first_set_up()
    with pytest.raises(LinkOver):
        links.redeem(former, PASSWORD, "mallory")
    assert links.redeem(secret, PASSWORD, "anna").account.name == "anna"


def test_a_link_ends_after_a_day(new_office):
    links, clock = new_office.people.links, new_office.clock
    secret = links.first_set_up()
    clock.turn(DAY_S - 1)
    assert links.look(secret) == Link(None)
    clock.turn(1)
    with pytest.raises(LinkOver):
        links.look(secret)
    with pytest.raises(LinkOver):
        links.redeem(secret, PASSWORD, "anna")


def test_of_two_who_follow_one_link_at_once_one_becomes_the_admin(new_office):
    secret, outcome = new_office.people.links.first_set_up(), []

    def follow(name):
        try:
            outcome.append(new_office.people.links.redeem(secret, PASSWORD, name).account.name)
        except LinkOver:
            outcome.append("over")

    threads = [threading.Thread(target=follow, args=(name,), name=name) for name in ("anna", "bert", "carl", "dora")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcome.count("over") == 3
    assert len(new_office.people.accounts.everybody()) == 1


def test_a_set_up_link_that_was_left_over_makes_no_second_admin(office, fleet_engine):
    with fleet_engine.begin() as con:
        con.execute(sa.update(accounts).values(is_enabled=False))
    secret = office.people.links.first_set_up()
    with fleet_engine.begin() as con:
        con.execute(sa.update(accounts).values(is_enabled=True))
    with pytest.raises(LinkOver, match="log in, or ask"):
        office.people.links.redeem(secret, PASSWORD, "mallory")


def test_an_invited_person_who_has_no_password_yet_is_no_admin(new_office):
    new_office.people.accounts.make(SYSTEM, "bert", EVERYWHERE_ADMIN)
    assert new_office.people.links.first_set_up() is not None


def test_a_bad_password_or_name_leaves_the_link_good(new_office):
    links = new_office.people.links
    secret = links.first_set_up()
    for password, name in (("short", "anna"), (PASSWORD, "Anna Miller"), (PASSWORD, ""), ("annaannaanna", "anna")):
        with pytest.raises(BadInputError):
            links.redeem(secret, password, name)
    assert links.redeem(secret, PASSWORD, "anna").account.name == "anna"


def test_a_person_chooses_a_password_by_their_link(office):
    admin = office.people.accounts.of("anna").principal
    office.people.accounts.make(admin, "bert", [Grant("plant/hall", Role.OPERATOR)])
    secret = office.people.links.invite(admin, "bert")
    assert office.people.links.look(secret) == Link("bert")
    assert office.people.links.redeem(secret, PASSWORD, "somebody-else").account.name == "bert"
    assert office.people.gate.person(office.log_in("bert")).name == "bert"


def test_whoever_follows_their_link_is_in_however_often_somebody_guessed(office):
    office.join("bert")
    for _ in range(4):
        with pytest.raises(RefusedError):
            office.log_in("bert", "a guess of somebody")
    followed = office.people.links.redeem(office.people.links.invite(SYSTEM, "bert"), PASSWORD, address=ADDRESS)
    assert office.people.gate.person(followed.session).name == "bert"


def test_a_new_password_by_link_ends_the_sessions(office):
    office.join("bert")
    session = office.log_in("bert")
    office.people.links.redeem(office.people.links.invite(SYSTEM, "bert"), "another horse battery")
    assert office.people.gate.person(session) is None


def test_a_second_link_ends_the_first(office):
    office.join("bert")
    first, second = (office.people.links.invite(SYSTEM, "bert") for _ in range(2))
    with pytest.raises(LinkOver):
        office.people.links.look(first)
    assert office.people.links.look(second) == Link("bert")


def test_the_link_of_an_account_that_is_switched_off_is_good_for_nothing(office):
    office.join("bert")
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    secret = office.people.links.invite(SYSTEM, "bert")
    with pytest.raises(LinkOver, match="switched off"):
        office.people.links.redeem(secret, PASSWORD)


def test_an_admin_of_one_site_cannot_take_over_an_account_by_a_link(office):
    office.join("local", (Grant("plant/hall", Role.ADMIN),))
    local = office.people.accounts.of("local").principal
    with pytest.raises(NotAllowed, match="no admin of all their sites"):
        office.people.links.invite(local, "anna")


def test_a_link_that_a_local_admin_kept_makes_them_no_admin_of_everything(office):
    office.join("local", LOCAL_ADMIN)
    office.join("mia", (Grant("plant/hall", Role.VIEWER),))
    kept = office.people.links.invite(principal(office, "local"), "mia")
    office.people.accounts.regrant(principal(office, "anna"), "mia", EVERYWHERE_ADMIN)
    with pytest.raises(LinkOver):
        office.people.links.redeem(kept, "another horse battery")


def regranted(office):
    office.people.accounts.regrant(SYSTEM, "bert", [Grant("plant/hall", Role.VIEWER)])


def switched_off_and_on(office):
    for is_enabled in (False, True):
        office.people.accounts.switch(SYSTEM, "bert", is_enabled=is_enabled)


def changed_by_its_owner(office):
    office.people.gate.change_password(office.log_in("bert"), PASSWORD, "another horse battery", ADDRESS)


@pytest.mark.parametrize("change", [regranted, switched_off_and_on, changed_by_its_owner])
def test_a_change_of_the_account_ends_its_link(office, change):
    office.join("bert")
    secret = office.people.links.invite(SYSTEM, "bert")
    change(office)
    with pytest.raises(LinkOver):
        office.people.links.look(secret)


@pytest.mark.parametrize("grants", [(), (Grant("plant/yard", Role.ADMIN),)])
def test_a_link_is_good_as_long_as_its_maker_may_make_it(office, grants):
    office.join("local", LOCAL_ADMIN)
    office.join("bert")
    secret = office.people.links.invite(principal(office, "local"), "bert")
    assert office.people.links.look(secret) == Link("bert")
    office.people.accounts.regrant(SYSTEM, "local", grants)
    with pytest.raises(LinkOver, match="another admin"):
        office.people.links.redeem(secret, "another horse battery")


def test_a_link_of_somebody_who_was_switched_off_is_over(office):
    office.join("local", LOCAL_ADMIN)
    office.join("bert")
    secret = office.people.links.invite(principal(office, "local"), "bert")
    office.people.accounts.switch(SYSTEM, "local", is_enabled=False)
    with pytest.raises(LinkOver, match="another admin"):
        office.people.links.look(secret)


def test_a_secret_is_never_in_the_database(office, fleet_engine):
    secret = office.people.links.invite(SYSTEM, "anna")
    with fleet_engine.connect() as con:
        (kept,) = con.execute(sa.select(one_time_links.c.digest)).scalars()
    assert secret != kept


@pytest.mark.parametrize("secret", ["", "x" * 10_000, "\ud800", "\0"])
def test_nonsense_is_no_link(office, secret):
    with pytest.raises(LinkOver):
        office.people.links.redeem(secret, PASSWORD, "mallory")
