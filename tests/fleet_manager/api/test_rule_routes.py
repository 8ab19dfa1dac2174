"""Rules over HTTP: who may change which, what is shown, what is said where no letter can go out."""

from __future__ import annotations

import dataclasses

import pytest
from starlette.testclient import TestClient

from fleet_manager.api.application import create_app
from fleet_manager.desk.escalation_rule import EscalationRule, Mail
from fleet_manager.desk.escalation_rules import save_rule
from fleet_manager.rule_keeping import MOST_RULES
from fleet_manager.store.database import writing
from tests.fleet_manager.api.conftest import HALL, YARD

HOOK = {"kind": "webhook", "url": "https://chat.plant.example/hook/very-secret-path"}
MAIL = {"kind": "mail", "to": ["night@plant.example"]}


def put(manager, name="night", role="engineer", site="*", **wish):
    return manager.ask("PUT", f"/v1/rules/{name}", role, site, json=wish)


def names(manager, site="*"):
    return [one["name"] for one in manager.ask("GET", "/v1/rules", "engineer", site).json()]


def test_a_webhooks_secret_and_path_are_shown_to_nobody_later(manager):
    made = put(manager, target=HOOK).json()
    assert made["secret"].startswith("whsec_")
    assert made["where"] == "https://chat.plant.example"
    (listed,) = manager.ask("GET", "/v1/rules").json()
    told = str(listed) + str(manager.services.people.audit.page(["*"]))
    assert "very-secret-path" not in told
    assert made["secret"] not in told
    assert "secret" not in listed


def test_other_terms_keep_whom_the_rule_calls_and_its_secret(manager):
    put(manager, target=HOOK)
    changed = put(manager, after_s=60).json()
    assert (changed["where"], changed["after_s"], changed["secret"]) == ("https://chat.plant.example", 60, None)
    assert put(manager, "other").status_code == 422


def test_a_rule_by_mail_without_a_mail_server_says_so(manager):
    assert "name one in [mail] of site.toml" in put(manager, target=MAIL).json()["problem"]
    refused = manager.ask("POST", "/v1/rules/night/trial", "engineer")
    assert refused.status_code == 409
    assert "[mail]" in refused.json()["detail"]
    services = dataclasses.replace(manager.services, takes_mail=True)
    with TestClient(create_app(services)) as client:
        headers = {"Authorization": f"Bearer {manager.token()}"}
        assert client.get("/v1/rules", headers=headers).json()[0]["problem"] is None
        assert client.post("/v1/rules/night/trial", headers=headers).status_code == 202


def test_a_rule_belongs_to_those_who_may_at_all_of_its_sites(manager):
    put(manager, "all", target=HOOK)
    assert put(manager, "both", sites=[HALL, YARD], target=HOOK).status_code == 200
    assert put(manager, "hall", site=HALL, sites=[HALL], target=HOOK).status_code == 200
    assert names(manager) == ["all", "both", "hall"]
    assert names(manager, HALL) == ["hall"]
    for name, sites in (("hall", None), ("hall", [YARD]), ("both", [HALL]), ("all", [HALL])):
        assert put(manager, name, site=HALL, sites=sites).status_code == 403, (name, sites)
    assert manager.ask("DELETE", "/v1/rules/both", "engineer", HALL).status_code == 404
    assert manager.ask("POST", "/v1/rules/all/trial", "engineer", HALL).status_code == 404
    assert manager.ask("DELETE", "/v1/rules/hall", "engineer", HALL).status_code == 204
    assert names(manager) == ["all", "both"]


def test_a_refusal_does_not_say_where_somebody_elses_rule_acts(manager):
    put(manager, sites=[YARD], target=HOOK)
    refused = put(manager, site=HALL, sites=[HALL], target=HOOK)
    assert refused.status_code == 403
    assert YARD not in refused.text


def test_who_takes_the_name_of_a_removed_rule_does_not_see_its_calls(manager):
    put(manager, sites=[YARD], target=HOOK)
    manager.ask("POST", "/v1/rules/night/trial", "engineer")
    manager.ask("DELETE", "/v1/rules/night", "engineer")
    assert put(manager, site=HALL, sites=[HALL], target=HOOK).status_code == 200
    assert manager.ask("GET", "/v1/calls", "engineer", HALL).json()["items"] == []
    assert [one["rule"] for one in manager.ask("GET", "/v1/calls", "engineer", YARD).json()["items"]] == ["night"]


def test_what_becomes_of_a_rule_is_an_entry_for_the_admins_of_its_site(manager):
    put(manager, sites=[HALL], target=HOOK)
    manager.ask("POST", "/v1/rules/night/trial", "engineer")
    put(manager, sites=[YARD], target=HOOK)
    manager.ask("DELETE", "/v1/rules/night", "engineer")
    entries = manager.services.people.audit
    told = {
        site: [one.action for one in reversed(entries.page({site})) if "rule" in one.object] for site in (HALL, YARD)
    }
    assert told == {HALL: ["change rule", "try rule"], YARD: ["remove rule"]}


def test_calls_are_those_of_the_callers_rules(manager):
    put(manager, "all", target=HOOK)
    put(manager, "hall", sites=[HALL], target=HOOK)
    for name in ("all", "hall", "hall"):
        assert manager.ask("POST", f"/v1/rules/{name}/trial", "engineer").status_code == 202
    here = manager.ask("GET", "/v1/calls", "engineer", HALL).json()["items"]
    assert [one["rule"] for one in here] == ["hall", "hall"]
    page = manager.ask("GET", "/v1/calls?limit=2", "engineer").json()
    assert [one["rule"] for one in page["items"]] == ["hall", "hall"]
    after = manager.ask("GET", f"/v1/calls?before={page['next']}", "engineer").json()
    assert [(one["rule"], one["ended"], one["error"]) for one in after["items"]] == [("all", None, "")]
    assert {one["where"] for one in after["items"]} == {"https://chat.plant.example"}
    assert after["next"] is None


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "webhook", "url": "ftp://host/"},
        {"kind": "webhook", "url": "https://user:word@host/"},
        {"kind": "mail", "to": []},
        {"kind": "mail", "to": ["night@plant.example, boss@plant.example"]},
        {"kind": "pigeon"},
    ],
)
def test_nobody_is_called_at_an_address_that_is_none(manager, target):
    assert put(manager, target=target).status_code == 422
    assert names(manager) == []


def test_rules_have_an_end(manager):
    with writing(manager.services.engine) as con:
        for number in range(MOST_RULES):
            save_rule(con, EscalationRule(f"r{number}", Mail(("night@plant.example",))))
    assert put(manager, target=HOOK).status_code == 409
    assert put(manager, "r1", after_s=1).status_code == 200
