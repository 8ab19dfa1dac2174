"""Tokens, accounts and the audit log over HTTP: shown once, never more than their maker, always written down."""

import pytest

from fleet_manager.people.csrf import csrf_token
from tests.fakes.people import PASSWORD
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_problem_answers import assert_problem

VIEWER = [{"site": HALL, "role": "viewer"}]
WISH = {"label": "grafana", "grants": VIEWER, "days": 30}


class Person:
    """Somebody with a session in a browser."""

    def __init__(self, manager, name):
        self.client, self.secret = manager.client, manager.office.log_in(name)

    def ask(self, method, path, **more):
        headers = {"X-CSRF-Token": csrf_token(self.secret), "Cookie": f"lepton_session={self.secret}"}
        return self.client.request(method, path, headers=headers, **more)


@pytest.fixture
def anna(manager):
    return Person(manager, "anna")


def test_a_token_is_shown_once_and_works(manager, anna):
    made = anna.ask("POST", "/v1/tokens", json=WISH)
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith(made.json()["prefix"])
    me = manager.client.get("/v1/me", headers={"Authorization": f"Bearer {secret}"}).json()
    assert (me["kind"], me["grants"]) == ("token", VIEWER)
    listed = anna.ask("GET", "/v1/tokens")
    assert [one["label"] for one in listed.json()] == ["grafana"]
    assert secret not in listed.text


def test_a_token_of_a_device_brings_evidence_and_nothing_else(manager, anna):
    wish = {"label": "line 1", "grants": [{"site": HALL, "role": "device"}], "days": 400}
    secret = anna.ask("POST", "/v1/tokens", json=wish).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}", "Lepton-Device": "plant/hall/station-1"}
    assert manager.client.head(f"/v1/evidence/{'0' * 64}", headers=headers).status_code == 404
    assert manager.client.get("/v1/me", headers=headers).status_code == 403


def test_no_token_makes_another(manager):
    assert_problem(manager.ask("POST", "/v1/tokens", json=WISH), 403, "not-allowed")


def test_nobody_makes_a_token_that_may_do_more_than_they(manager):
    manager.office.join("bert")
    wish = {**WISH, "grants": [{"site": HALL, "role": "admin"}]}
    assert_problem(Person(manager, "bert").ask("POST", "/v1/tokens", json=wish), 403, "not-allowed")


def test_tokens_of_others_are_not_there_for_who_does_not_manage_them(manager, anna):
    token = anna.ask("POST", "/v1/tokens", json=WISH).json()["id"]
    manager.office.join("bert")
    bert = Person(manager, "bert")
    assert bert.ask("GET", "/v1/tokens").json() == []
    assert_problem(bert.ask("DELETE", f"/v1/tokens/{token}"), 404, "not-found")
    assert anna.ask("DELETE", f"/v1/tokens/{token}").status_code == 204


def test_a_person_is_invited_and_logs_in(manager, anna):
    made = anna.ask("POST", "/v1/people", json={"name": "carl", "grants": VIEWER})
    assert made.status_code == 201
    assert made.json()["has_password"] is False
    link = anna.ask("POST", "/v1/people/carl/password-link").json()
    manager.services.people.links.redeem(link["secret"], PASSWORD)
    assert Person(manager, "carl").ask("GET", "/v1/me").json()["grants"] == VIEWER


def test_other_roles_and_switching_off_take_effect_at_once(manager, anna):
    manager.office.join("bert")
    bert = Person(manager, "bert")
    assert anna.ask("PUT", "/v1/people/bert/grants", json={"grants": VIEWER}).json()["grants"] == VIEWER
    assert bert.ask("GET", "/v1/me").status_code == 401
    bert = Person(manager, "bert")
    assert anna.ask("PUT", "/v1/people/bert/enabled", json={"is_enabled": False}).json()["is_enabled"] is False
    assert bert.ask("GET", "/v1/me").status_code == 401


def test_the_last_admin_stays(anna):
    assert_problem(anna.ask("PUT", "/v1/people/anna/enabled", json={"is_enabled": False}), 409, "conflict")
    assert_problem(anna.ask("PUT", "/v1/people/anna/grants", json={"grants": VIEWER}), 409, "conflict")


def test_an_admin_of_one_site_knows_only_its_people(manager):
    manager.office.join("bert")
    seen = {site: manager.ask("GET", "/v1/people", "admin", site).json() for site in (HALL, YARD)}
    assert "bert" in [one["name"] for one in seen[HALL]]
    assert "bert" not in [one["name"] for one in seen[YARD]]
    assert manager.ask("GET", "/v1/people/bert", "admin", HALL).status_code == 200
    for method, path in [("GET", ""), ("POST", "/password-link"), ("PUT", "/enabled")]:
        answer = manager.ask(method, f"/v1/people/bert{path}", "admin", YARD, json={"is_enabled": False})
        assert_problem(answer, 404, "not-found")


def test_a_name_that_somebody_has_is_refused_in_words(anna):
    problem = assert_problem(anna.ask("POST", "/v1/people", json={"name": "anna", "grants": []}), 422, "invalid")
    assert "anna" in problem["detail"]


def test_the_audit_log_is_read_page_by_page_and_proven(anna):
    anna.ask("POST", "/v1/people", json={"name": "carl", "grants": VIEWER})
    first = anna.ask("GET", "/v1/audit?limit=1").json()
    assert (first["items"][0]["action"], first["items"][0]["name"]) == ("make account", "anna")
    second = anna.ask("GET", f"/v1/audit?limit=1&before={first['next']}").json()
    assert second["items"][0]["seq"] == first["items"][0]["seq"] - 1
    proof = anna.ask("GET", "/v1/audit/verify").json()
    assert proof["holds"]
    assert anna.ask("GET", f"/v1/audit/verify?known={proof['head']}").json()["holds"]
    forged = f"{proof['entries']} {'0' * 64}"
    assert anna.ask("GET", f"/v1/audit/verify?known={forged}").json()["broken_at"] == proof["entries"]


def test_an_admin_of_one_site_reads_its_entries_and_cannot_walk_over_all(manager):
    manager.desk.store()
    seen = manager.ask("GET", "/v1/audit", "admin", HALL).json()["items"]
    assert {one["site"] for one in seen} <= {HALL}
    assert_problem(manager.ask("GET", "/v1/audit/verify", "admin", HALL), 403, "not-allowed")
