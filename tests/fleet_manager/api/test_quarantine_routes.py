"""The quarantine over HTTP: what was refused, with the reason, for who may see the site."""

import pytest

from fleet_manager.arrival import judge
from fleet_manager.store.alert_store import AlertStore

HALL, YARD = "plant/hall", "plant/yard"
BODY = b"not json \xff"


@pytest.fixture
def refusing(manager):
    store = AlertStore(manager.desk.engine, lambda: 1_700_000_000_000)
    bad = judge(f"lepton/1/{HALL}/line-1/alert", BODY)
    store.take([bad, bad, judge(f"lepton/1/{YARD}/line-7/gap", b"{}"), judge("lepton/1/x", b"?")])
    return manager


def test_a_refused_message_is_told_whole(refusing):
    (found,) = refusing.ask("GET", f"/v1/quarantine?site={HALL}").json()["items"]
    assert found.pop("why").startswith("1 errors, the first:")
    assert found == {
        "topic": f"lepton/1/{HALL}/line-1/alert", "address": f"{HALL}/line-1", "epoch": None, "seq": None,
        "first": "2023-11-14T22:13:20Z", "times": 2, "bytes": len(BODY), "text": "not json \ufffd",
    }  # fmt: skip


def test_the_list_is_read_page_by_page(refusing):
    path, seen = "/v1/quarantine?limit=1", []
    page = refusing.ask("GET", path).json()
    while page["next"]:
        seen += page["items"]
        page = refusing.ask("GET", "/v1/quarantine", params={"limit": 1, "before": page["next"]}).json()
    assert len({one["topic"] for one in seen + page["items"]}) == 3


def test_what_names_no_device_is_for_who_sees_every_site(refusing):
    assert len(refusing.ask("GET", "/v1/quarantine").json()["items"]) == 3
    assert [one["address"] for one in refusing.ask("GET", "/v1/quarantine", "viewer", YARD).json()["items"]] == [
        f"{YARD}/line-7"
    ]
    assert refusing.ask("GET", f"/v1/quarantine?site={HALL}", "viewer", YARD).status_code == 404
    assert refusing.ask("GET", "/v1/quarantine", "device", YARD).status_code == 403


@pytest.mark.parametrize("before", ["x", "1.a", "1..b"])
def test_a_wrong_place_in_the_list_is_a_problem(refusing, before):
    assert refusing.ask("GET", f"/v1/quarantine?before={before}").status_code in {400, 422}
