"""Devices, their ledgers, and the metrics that are made of them."""

import re
from pathlib import Path

import pytest

from edge_contracts.gap import GapReason
from edge_contracts.topics import DeviceAddress
from fleet_manager.api.metrics import METRICS
from fleet_manager.arrival import judge
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import alert_arrival, birth_arrival, gap_arrival
from tests.fleet_manager.api.conftest import HALL, YARD
from tests.fleet_manager.api.test_problem_answers import assert_problem

WHERE = "plant/hall/station-1"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "manager-metrics.md"
STATUS = b'{"status": "online", "session": 1}'
STATE = (
    b'{"time": "2026-01-01T00:00:00Z", "clk": "ntp", "uptime_s": 5, "spool_depth": 7, "spool_age_s": 2.5,'
    b' "disk_free_bytes": 1, "points": []}'
)


def told(manager, *arrivals):
    AlertStore(manager.services.engine, manager.office.clock).take(list(arrivals))


def of(address, leaf, body):
    return judge(DeviceAddress(*address.split("/")).topic(leaf), body)


def births(manager, *addresses):
    born = birth_arrival()
    told(manager, *(of(address, "birth", born.body) for address in addresses))


def test_devices_are_read_page_by_page_in_the_order_of_their_addresses(manager):
    births(manager, "plant/hall/b", "plant/hall/a", "plant/yard/c")
    first = manager.ask("GET", "/v1/devices?limit=2").json()
    assert [one["address"] for one in first["items"]] == ["plant/hall/a", "plant/hall/b"]
    second = manager.ask("GET", f"/v1/devices?limit=2&after={first['next']}").json()
    assert [one["address"] for one in second["items"]] == ["plant/yard/c"]
    assert second["next"] is None
    assert [one["site"] for one in manager.ask("GET", f"/v1/devices?site={YARD}").json()["items"]] == [YARD]


def test_a_device_is_as_it_told_last(manager):
    births(manager, WHERE)
    before = manager.ask("GET", f"/v1/devices/{WHERE}").json()
    assert (before["status"], before["state"]) == (None, None)
    told(manager, of(WHERE, "status", STATUS), of(WHERE, "state", STATE))
    after = manager.ask("GET", f"/v1/devices/{WHERE}").json()
    assert (after["status"], after["state"]["spool_depth"]) == ("online", 7)
    assert after["state_at"] == "2023-11-14T22:13:20Z"


def test_a_device_that_never_was_is_not_there(manager):
    assert_problem(manager.ask("GET", f"/v1/devices/{WHERE}"), 404, "not-found")
    assert_problem(manager.ask("GET", f"/v1/devices/{WHERE}/ledger"), 404, "not-found")


def test_the_ledger_says_what_is_lost_and_what_is_missing(manager):
    births(manager, WHERE)
    told(manager, alert_arrival(1), gap_arrival(4, (2, 3), why=GapReason.SHED), alert_arrival(7))
    ledger = manager.ask("GET", f"/v1/devices/{WHERE}/ledger", "viewer", HALL).json()
    assert (ledger["stored"], ledger["lost"], ledger["missing"]) == (2, {"shed": 2}, 2)
    assert ledger["is_proven"]
    assert "lost: 2 (shed 2)" in ledger["sentence"]


def test_a_station_whose_birth_was_refused_is_told_with_its_losses(manager):
    told(manager, of(WHERE, "birth", b"none"), of(WHERE, "status", STATUS), gap_arrival(5, (1, 4)))
    device = manager.ask("GET", f"/v1/devices/{WHERE}").json()
    assert (device["status"], device["born"], device["version"], device["points"]) == ("online", None, None, [])
    assert [one["address"] for one in manager.ask("GET", "/v1/devices").json()["items"]] == [WHERE]
    found = samples(manager)
    assert found["lepton_fleet_devices"] == "1"
    assert found[f'lepton_device_lost{{device="{WHERE}",why="shed"}}'] == "4"


def test_a_station_that_has_been_silent_is_not_online(manager):
    births(manager, WHERE)
    told(manager, of(WHERE, "status", STATUS), of(WHERE, "state", STATE))
    manager.office.clock.turn(180)
    assert manager.ask("GET", f"/v1/devices/{WHERE}").json()["status"] is None
    assert samples(manager)[f'lepton_device_online{{device="{WHERE}"}}'] == "0"


def samples(manager, role="viewer", site="*"):
    answer = manager.ask("GET", "/metrics", role, site)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [-+0-9.e]+', line) for line in lines)
    return dict(line.rsplit(" ", 1) for line in lines)


def test_metrics_tell_of_alerts_devices_and_losses(manager):
    births(manager, WHERE)
    told(manager, of(WHERE, "status", STATUS), of(WHERE, "state", STATE), of(WHERE, "alert", b"nonsense"))
    told(manager, alert_arrival(1), gap_arrival(4, (2, 3), why=GapReason.SHED), alert_arrival(7))
    manager.office.clock.turn(60)
    found = samples(manager)
    device = f'{{device="{WHERE}"}}'
    assert found["lepton_fleet_ready"] == "1"
    assert found["lepton_fleet_alerts_total"] == "2"
    assert found["lepton_fleet_refused_total"] == "1"
    assert found["lepton_fleet_devices"] == "1"
    assert found["lepton_fleet_database_seconds"] == "1"
    assert found[f"lepton_device_online{device}"] == "1"
    assert found[f"lepton_device_state_age_seconds{device}"] == "60"
    assert found[f"lepton_device_spool_rows{device}"] == "7"
    assert found[f"lepton_device_spool_age_seconds{device}"] == "2.5"
    assert found[f'lepton_device_lost{{device="{WHERE}",why="shed"}}'] == "2"
    assert found[f"lepton_device_missing{device}"] == "2"


def test_metrics_for_some_sites_tell_nothing_of_others(manager):
    births(manager, WHERE, "plant/yard/c")
    found = samples(manager, "viewer", YARD)
    assert 'lepton_device_missing{device="plant/yard/c"}' in found
    assert not any(WHERE in name for name in found)
    assert "lepton_fleet_alerts_total" not in found


def test_every_metric_is_documented():
    documented = re.findall(r"^\| `(lepton_[a-z_]+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert documented == [metric.name for metric in METRICS]


@pytest.mark.parametrize("role", [None, "device"])
def test_strangers_and_stations_do_not_learn_what_a_manager_waits_for(manager, role):
    manager.waits_for.append("the broker at 10.0.0.5")
    answer = manager.client.get("/readyz") if role is None else manager.ask("GET", "/readyz", role, HALL)
    problem = assert_problem(answer, 503, "unavailable")
    assert "10.0.0.5" not in answer.text
    assert "waits_for" not in problem


def test_a_manager_that_waits_for_something_is_alive_and_not_ready(manager):
    assert manager.client.get("/readyz").json() == {"status": "ready"}
    manager.waits_for.append("the broker")
    assert manager.client.get("/healthz").status_code == 200
    problem = assert_problem(manager.ask("GET", "/readyz", "viewer", HALL), 503, "unavailable")
    assert problem["waits_for"] == ["the broker"]
    assert samples(manager)["lepton_fleet_ready"] == "0"
