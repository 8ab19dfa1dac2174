"""Every route says what it needs; nobody without it gets in, and what they may not see is not there."""

import pytest
from fastapi import FastAPI

from fleet_manager.api.admission import guarded_router, need_of
from fleet_manager.api.routes import all_routes
from fleet_manager.people.csrf import csrf_token
from fleet_manager.people.roles import LOWEST_ROLE, Grant, Role
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_problem_answers import assert_problem

OPEN = {"/healthz", "/readyz", "/v1/openapi.json"}
ROUTES = all_routes()
GUARDED = [route for route in ROUTES if route.path not in OPEN]
VALUES = {
    "alert": "1",
    "case": "1",
    "command": "1",
    "revision": "1",
    "token": "1",
    "sha256": "0" * 64,
    "name": "anna",
    "rule": "night",
    "org": "plant",
    "site": "hall",
    "device": "a",
}


def name_of(route):
    return f"{min(route.methods)} {route.path}"


def address(route):
    return route.path.format(**VALUES)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_each_route_declares_what_it_needs(route):
    need = need_of(route)
    assert (need.permission is None) == (route.path in OPEN)


def test_a_route_without_a_declaration_cannot_be_made():
    routes = guarded_router("new")
    with pytest.raises(TypeError, match="to declare what it needs"):

        @routes.get("/forgotten")
        def forgotten() -> None: ...


def test_no_route_is_made_beside_the_guarded_ones(shared):
    paths = {route.path for route in shared.client.app.routes}
    assert isinstance(shared.client.app, FastAPI)
    assert paths == {route.path for route in ROUTES}


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
@pytest.mark.parametrize("secret", [None, "Bearer lpt_0000", "Basic YW5uYTphbm5h", "Bearer", "Bearer \x80"])
def test_nobody_without_a_good_token_gets_in(shared, route, secret):
    headers = {} if secret is None else {"Authorization": secret.encode("latin-1")}
    answer = shared.client.request(min(route.methods), address(route), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert route.methods == {"HEAD"} or answer.json()["type"].endswith("#not-logged-in")


@pytest.mark.parametrize("route", [one for one in GUARDED if LOWEST_ROLE[need_of(one).permission] > 0], ids=name_of)
def test_a_role_below_the_one_that_is_needed_is_not_enough(shared, route):
    lower = Role(LOWEST_ROLE[need_of(route).permission] - 1)
    answer = shared.ask(min(route.methods), address(route), lower.word)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#not-allowed")


def test_a_site_that_somebody_may_not_see_is_as_if_it_were_not_there(manager):
    alert = manager.desk.store()
    for path in (f"/v1/alerts/{alert}", "/v1/devices/plant/hall/station-1", "/v1/devices/plant/hall/station-1/ledger"):
        hidden = manager.ask("GET", path, "viewer", YARD)
        assert hidden.status_code == 404
    absent = manager.ask("GET", f"/v1/alerts/{alert + 1}", "viewer", YARD).json()
    hidden = manager.ask("GET", f"/v1/alerts/{alert}", "viewer", YARD).json()
    assert hidden["detail"].replace(str(alert), "N") == absent["detail"].replace(str(alert + 1), "N")
    assert {name: hidden[name] for name in ("type", "title", "status")} == {
        name: absent[name] for name in ("type", "title", "status")
    }


@pytest.mark.parametrize("path", ["alerts", "devices", "exports/alerts.csv", "exports/labels.csv"])
def test_asking_for_another_site_by_name_is_answered_as_if_it_were_not_there(manager, path):
    manager.desk.store()
    assert manager.ask("GET", f"/v1/{path}?site={HALL}", "operator", YARD).status_code == 404


def test_lists_hold_the_sites_of_the_caller_alone(manager):
    here = manager.desk.store()
    there = manager.desk.store("plant/yard/station-2")
    seen = {site: manager.ask("GET", "/v1/alerts", "viewer", site).json()["items"] for site in (HALL, YARD, "*")}
    assert [one["id"] for one in seen[HALL]] == [here]
    assert [one["id"] for one in seen[YARD]] == [there]
    assert [one["id"] for one in seen["*"]] == [there, here]


def test_somebody_who_sees_a_site_and_may_not_act_there_is_told_so(manager):
    alert = manager.desk.store("plant/yard/station-2")
    manager.office.join("carl", (Grant(HALL, Role.OPERATOR), Grant(YARD, Role.VIEWER)))
    person = manager.services.people.gate.person(manager.office.log_in("carl"))
    secret = manager.services.people.tokens.make(person, "test", person.grants, 30)[0]
    headers = {"Authorization": f"Bearer {secret}"}
    answer = manager.client.post(f"/v1/alerts/{alert}/acknowledge", json={"expected": "new"}, headers=headers)
    assert answer.status_code == 403
    assert "ask an admin" in answer.json()["detail"]


def test_a_misspelt_filter_is_refused_with_those_that_there_are(manager):
    manager.desk.store()
    answer = manager.ask("GET", "/v1/alerts?staet=new", "viewer")
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"] == [{"where": "query.staet", "what": "unknown parameter"}]
    assert "state" in problem["detail"]
    assert_problem(manager.ask("GET", "/v1/me?x=1", "viewer"), 422, "invalid")


def test_a_stranger_does_not_learn_which_filters_there_are(shared):
    assert shared.client.get("/v1/alerts?staet=new").status_code == 401


@pytest.fixture
def browser(manager):
    secret = manager.office.log_in("anna")
    manager.client.cookies.set("lepton_session", secret)
    yield manager, secret
    manager.client.cookies.clear()


def test_a_session_reads_without_more(browser):
    manager, _ = browser
    assert manager.client.get("/v1/me").json()["name"] == "anna"


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_session_changes_nothing_without_its_own_csrf_token(browser, token):
    manager, _ = browser
    alert = manager.desk.store()
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = manager.client.post(f"/v1/alerts/{alert}/acknowledge", json={"expected": "new"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("#no-csrf-token")


def test_a_session_changes_things_with_its_csrf_token(browser):
    manager, secret = browser
    alert = manager.desk.store()
    headers = {"X-CSRF-Token": csrf_token(secret)}
    answer = manager.client.post(f"/v1/alerts/{alert}/acknowledge", json={"expected": "new"}, headers=headers)
    assert answer.status_code == 200


def test_a_session_that_is_over_is_no_way_in(browser):
    manager, secret = browser
    manager.services.people.gate.log_out(secret)
    assert manager.client.get("/v1/me").status_code == 401


def test_a_bad_token_is_not_made_good_by_a_session(browser):
    manager, _ = browser
    assert manager.client.get("/v1/me", headers={"Authorization": "Bearer nothing"}).status_code == 401


def test_a_token_that_was_revoked_is_no_way_in(manager):
    assert manager.ask("GET", "/v1/me", "viewer").status_code == 200
    (token,) = manager.ask("GET", "/v1/tokens", "viewer").json()
    assert manager.ask("DELETE", f"/v1/tokens/{token['id']}").status_code == 204
    assert manager.ask("GET", "/v1/me", "viewer").status_code == 401
