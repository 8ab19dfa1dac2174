from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from edge_contracts.errors import BadInputError, RefusedError
from fleet_manager.cli import fleet
from fleet_manager.people.principal import SYSTEM
from fleet_manager.people.tables import audit_entries
from fleet_manager.store.database import open_database, writing
from tests.fakes.people import OPERATOR


@pytest.fixture
def url(fleet_engine):
    return fleet_engine.url.set(drivername=fleet_engine.url.get_backend_name()).render_as_string(hide_password=False)


def run(url, *arguments):
    done = CliRunner().invoke(fleet, ["people", *arguments, "--store", url])
    if done.exception is not None:
        raise done.exception
    return done.output


def test_everybody_is_listed_with_what_they_may(office, url):
    office.people.accounts.make(SYSTEM, "bert", OPERATOR)
    office.people.accounts.switch(SYSTEM, "bert", is_enabled=False)
    assert run(url, "list").splitlines() == [
        "anna: admin at *",
        "bert (switched off) (has no password yet): operator at plant/hall",
    ]


def test_an_admin_who_forgot_their_password_gets_a_link_on_the_managers_machine(office, url):
    address = run(url, "link", "anna", "--site", "https://fleet.example/").strip()
    page, _, secret = address.partition("#")
    assert page == "https://fleet.example/link"
    office.clock.ms = office.people.audit.page({"*"}, limit=1)[0].at_ms
    office.people.links.redeem(secret, "another horse battery")
    assert office.people.gate.person(office.log_in("anna", "another horse battery")) is not None


def test_a_whole_log_prints_its_head_and_a_broken_one_is_refused(office, url, fleet_engine):
    head = run(url, "audit").strip()
    assert head == str(office.people.audit.head())
    assert run(url, "audit", "--head", head).strip() == head
    with writing(fleet_engine) as con:
        con.execute(sa.update(audit_entries).where(audit_entries.c.seq == 2).values(name="mallory"))
    with pytest.raises(RefusedError, match="broken at entry 2"):
        run(url, "audit")


def test_a_log_that_is_shorter_than_a_head_kept_elsewhere_is_refused(office, url):
    assert office.people.audit.head().seq < 99
    with pytest.raises(RefusedError, match="the exported head names 99 entries"):
        run(url, "audit", "--head", "99 " + "0" * 64)


def test_a_mistyped_file_is_not_made(tmp_path):
    with pytest.raises(BadInputError, match="give --store"):
        run(str(tmp_path / "nowhere.sqlite"), "list")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "old.sqlite"
    engine = open_database(f"sqlite:///{path}")
    with writing(engine) as con:
        con.execute(sa.text("CREATE TABLE parts (name TEXT)"))
    engine.dispose()
    with pytest.raises(BadInputError, match="start the manager once"):
        run(str(path), "list")
