"""Commands over HTTP: who may send one, and what became of it."""

from __future__ import annotations

import json

from fleet_manager.arrival import judge
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_device_routes import WHERE, births, told
from tests.fleet_manager.api.test_problem_answers import assert_problem

PATH = f"/v1/devices/{WHERE}/commands"


def test_an_engineer_asks_and_reads_what_became_of_it(manager):
    births(manager, WHERE)
    answer = manager.ask("POST", PATH, "engineer", HALL, json={"name": "restart", "timeout_s": 60})
    assert answer.status_code == 201
    given = answer.json()
    assert (given["state"], given["name"], given["expires"]) == ("waiting", "restart", "2023-11-14T22:14:20Z")
    reply = {"id": given["command_id"], "name": "restart", "outcome": "done", "text": "soon"}
    told(manager, judge(f"lepton/1/{WHERE}/res", json.dumps(reply).encode()))
    found = manager.ask("GET", f"/v1/commands/{given['id']}", "viewer", HALL).json()
    assert (found["state"], found["answer"]) == ("done", "soon")
    entries = [(one.action, one.object, one.detail) for one in manager.office.people.audit.page(["*"])]
    assert ("send command", f"device:{WHERE}", "restart") in entries


def test_an_operator_may_not(manager):
    births(manager, WHERE)
    assert_problem(manager.ask("POST", PATH, "operator", HALL, json={"name": "ping"}), 403, "not-allowed")
    assert_problem(manager.ask("POST", PATH, "engineer", YARD, json={"name": "ping"}), 404, "not-found")
    assert manager.ask("GET", PATH, "viewer", HALL).json()["items"] == []


def test_a_command_of_another_site_is_not_there(manager):
    births(manager, WHERE)
    number = manager.ask("POST", PATH, json={"name": "ping"}).json()["id"]
    assert_problem(manager.ask("GET", f"/v1/commands/{number}", "admin", YARD), 404, "not-found")
    assert_problem(manager.ask("GET", PATH, "admin", YARD), 404, "not-found")


def test_what_no_device_knows_is_refused(manager):
    births(manager, WHERE)
    for wish in ({"name": "format-disk"}, {"name": "ping", "timeout_s": 0}, {"name": "ping", "arguments": {}}, {}):
        assert_problem(manager.ask("POST", PATH, json=wish), 422, "invalid")
    assert_problem(manager.ask("POST", f"/v1/devices/{HALL}/none/commands", json={"name": "ping"}), 404, "not-found")
    assert_problem(manager.ask("GET", "/v1/commands/7"), 404, "not-found")


def test_commands_are_read_page_by_page(manager):
    births(manager, WHERE)
    for _ in range(3):
        manager.ask("POST", PATH, json={"name": "ping"})
    first = manager.ask("GET", f"{PATH}?limit=2").json()
    second = manager.ask("GET", f"{PATH}?before={first['next']}").json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]
