"""Cases, production, Pareto and shifts over HTTP."""

import pytest

from fleet_manager.desk.alert_counts import AlertCounter
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.following import follow
from fleet_manager.desk.production import note_counts
from fleet_manager.desk.running_counts import Counts
from fleet_manager.store.database import writing
from tests.fakes.desks import leave_nothing
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_problem_answers import assert_problem

NOON_MS = 1_700_000_000_000
SPAN = "from=2023-11-14T00:00:00Z&to=2023-11-16T00:00:00Z"


def counted(manager, address="plant/hall/station-1", **counts):
    with writing(manager.services.engine) as con:
        note_counts(con, address, "line-1", Counts(**counts), NOON_MS, NOON_MS - 1000)


def test_production_is_told_by_group_for_the_sites_of_the_caller(manager):
    counted(manager, good=98, defect=1, unknown=1)
    counted(manager, "plant/yard/station-2", good=5)
    found = manager.ask("GET", f"/v1/statistics/production?{SPAN}").json()
    assert found[0] == {"group": HALL, "good": 98, "defect": 1, "unknown": 1, "first_pass_yield": 0.98}
    assert [one["group"] for one in found] == [HALL, YARD]
    seen = manager.ask("GET", f"/v1/statistics/production?{SPAN}&by=address", "viewer", YARD).json()
    assert [one["group"] for one in seen] == ["plant/yard/station-2"]


@pytest.mark.parametrize(
    "span",
    ["from=2023-11-16T00:00:00Z&to=2023-11-14T00:00:00Z", "from=2020-01-01T00:00:00Z&to=2023-01-01T00:00:00Z",
     "from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z", "from=2023-11-14&to=x", ""],
)  # fmt: skip
@pytest.mark.parametrize("path", ["statistics/production", "statistics/pareto", "sites/plant/hall/shifts/production"])
def test_a_time_that_makes_no_sense_is_refused_in_words(shared, path, span):
    assert_problem(shared.ask("GET", f"/v1/{path}?{span}"), 422, "invalid")


def test_a_pareto_of_nothing_is_empty(manager):
    assert manager.ask("GET", f"/v1/statistics/pareto?{SPAN}&by=cause&outcome=defect").json() == []


def test_shifts_are_changed_by_engineers_and_tell_what_each_made(manager):
    plan = {"zone": "UTC", "shifts": [{"name": "early", "begins": "06:00"}, {"name": "late", "begins": "18:00"}]}
    path = "/v1/sites/plant/hall/shifts"
    assert_problem(manager.ask("PUT", path, "operator", HALL, json=plan), 403, "not-allowed")
    assert_problem(manager.ask("PUT", path, "engineer", YARD, json=plan), 404, "not-found")
    assert manager.ask("PUT", path, "engineer", HALL, json=plan).json() == plan
    assert manager.ask("GET", path, "viewer", HALL).json() == plan
    counted(manager, good=10)
    made = manager.ask("GET", f"{path}/production?{SPAN}", "viewer", HALL).json()
    (late,) = [one for one in made if one["day"] == "2023-11-14" and one["name"] == "late"]
    assert (late["good"], late["begins"], late["ends"]) == (10, "2023-11-14T18:00:00Z", "2023-11-15T06:00:00Z")


@pytest.mark.parametrize("wish", [{"zone": "Mars/Olympus", "shifts": [{"name": "a", "begins": "06:00"}]},
                                  {"zone": "UTC", "shifts": [{"name": "a", "begins": "06:07"}]},
                                  {"zone": "UTC", "shifts": []}])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(shared, wish):
    assert_problem(shared.ask("PUT", "/v1/sites/plant/hall/shifts", json=wish), 422, "invalid")


@pytest.fixture
def flood(manager):
    """Two alerts of one kind and one of another, joined to cases."""
    ids = [manager.desk.store(label="scratch"), manager.desk.store(label="scratch"), manager.desk.store(label="dent")]
    for reader in (CaseReader(900_000), AlertCounter()):
        while follow(manager.services.engine, reader, lambda _: None, leave_nothing):
            pass
    return ids


def test_cases_are_read_page_by_page(manager, flood):
    assert flood
    first = manager.ask("GET", "/v1/cases?limit=1").json()
    second = manager.ask("GET", f"/v1/cases?limit=1&before={first['next']}").json()
    found = {one["label"]: one["alerts"] for page in (first, second) for one in page["items"]}
    assert found == {"scratch": 2, "dent": 1}
    assert second["next"] is None
    assert manager.ask("GET", "/v1/cases", "viewer", YARD).json()["items"] == []


def test_a_case_is_acknowledged_with_all_its_alerts(manager, flood):
    cases = {one["label"]: one["id"] for one in manager.ask("GET", "/v1/cases").json()["items"]}
    path = f"/v1/cases/{cases['scratch']}"
    assert [one["id"] for one in manager.ask("GET", f"{path}/alerts").json()["items"]] == flood[1::-1]
    assert_problem(manager.ask("POST", f"{path}/acknowledge", "viewer", HALL), 403, "not-allowed")
    done = manager.ask("POST", f"{path}/acknowledge", "operator", HALL).json()
    assert sorted(done["alerts"]) == flood[:2]
    assert manager.ask("GET", path).json()["is_open"] is False
    still = manager.ask("GET", "/v1/cases?only_open=true").json()["items"]
    assert [one["label"] for one in still] == ["dent"]


def test_a_case_of_another_site_is_not_there(manager, flood):
    assert flood
    number = manager.ask("GET", "/v1/cases").json()["items"][0]["id"]
    for method, path in [("GET", ""), ("GET", "/alerts"), ("POST", "/acknowledge")]:
        assert_problem(manager.ask(method, f"/v1/cases/{number}{path}", "admin", YARD), 404, "not-found")
    assert_problem(manager.ask("GET", "/v1/cases/99"), 404, "not-found")


def test_a_pareto_says_what_went_wrong_most_often(manager, flood):
    assert flood
    bars = manager.ask("GET", f"/v1/statistics/pareto?{SPAN}").json()
    assert [(bar["name"], bar["parts"]) for bar in bars] == [("scratch", 2), ("dent", 1)]
    assert bars[-1]["running"] == 1
