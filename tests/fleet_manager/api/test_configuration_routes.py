"""Configurations over HTTP: wanted, refused with every mistake, and gone back to."""

from __future__ import annotations

import json

from fleet_manager.arrival import judge
from tests.fakes.desired import TEXT
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_device_routes import WHERE, births, told
from tests.fleet_manager.api.test_problem_answers import assert_problem

PATH = f"/v1/devices/{WHERE}/configuration"


def want(manager, text=TEXT, after=0, role="engineer"):
    return manager.ask("POST", f"{PATH}/revisions", role, HALL, json={"text": text, "after": after, "note": "why"})


def test_an_engineer_wants_a_configuration_and_reads_how_far_it_is(manager):
    births(manager, WHERE)
    assert manager.ask("GET", PATH, "viewer", HALL).json()["standing"] == "own-file"
    made = want(manager)
    assert (made.status_code, made.json()["revision"]) == (201, 1)
    assert manager.ask("GET", PATH, "viewer", HALL).json()["standing"] == "on-its-way"
    report = {"revision": 1, "hash": made.json()["hash"], "heard": 1, "phase": "active"}
    told(manager, judge(f"lepton/1/{WHERE}/reported", json.dumps(report).encode()))
    found = manager.ask("GET", PATH, "viewer", HALL).json()
    assert (found["standing"], found["desired"]["revision"], found["reported"]["revision"]) == ("active", 1, 1)
    entries = [(one.action, one.object, one.detail) for one in manager.office.people.audit.page(["*"])]
    assert ("change configuration", f"device:{WHERE}", "why") in entries


def test_every_mistake_comes_as_an_error_of_its_own(manager):
    births(manager, WHERE)
    problem = assert_problem(want(manager, TEXT + "[uplink]\nhost = 'x'\n[web]\nport = 0\n"), 422, "invalid")
    assert len(problem["errors"]) == 2
    assert manager.ask("GET", f"{PATH}/revisions").json()["items"] == []


def test_a_revision_is_gone_back_to_by_a_new_one(manager):
    births(manager, WHERE)
    want(manager)
    want(manager, TEXT + "[web]\n", 1)
    back = manager.ask("POST", f"{PATH}/revisions/1/restore", json={"after": 2}).json()
    assert (back["revision"], back["text"], back["note"]) == (3, TEXT, "back to revision 1")
    assert manager.ask("GET", f"{PATH}/revisions/2").json()["text"].endswith("[web]\n")
    first = manager.ask("GET", f"{PATH}/revisions?limit=2").json()
    assert [one["revision"] for one in first["items"]] == [3, 2]
    assert [
        one["revision"] for one in manager.ask("GET", f"{PATH}/revisions?before={first['next']}").json()["items"]
    ] == [1]


def test_the_second_of_two_people_is_told(manager):
    births(manager, WHERE)
    want(manager)
    assert_problem(want(manager), 409, "conflict")
    assert_problem(manager.ask("POST", f"{PATH}/revisions/1/restore", json={"after": 0}), 409, "conflict")


def test_texts_are_for_engineers_of_the_site(manager):
    births(manager, WHERE)
    want(manager)
    assert_problem(want(manager, after=1, role="operator"), 403, "not-allowed")
    assert_problem(manager.ask("GET", f"{PATH}/revisions/1", "operator", HALL), 403, "not-allowed")
    assert_problem(manager.ask("GET", f"{PATH}/revisions", "engineer", YARD), 404, "not-found")
    assert_problem(manager.ask("GET", f"{PATH}/revisions/9"), 404, "not-found")
    assert_problem(manager.ask("POST", f"{PATH}/revisions/9/restore", json={"after": 1}), 404, "not-found")
