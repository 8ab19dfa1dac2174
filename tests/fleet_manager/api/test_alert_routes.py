"""Alerts over HTTP: found, judged once, commented, and written down in the audit log."""

import pytest

from tests.fleet_manager.api.conftest import HALL


def step(manager, alert, word, expected, role="operator", **more):
    return manager.ask("POST", f"/v1/alerts/{alert}/{word}", role, HALL, json={"expected": expected, **more})


def test_the_list_is_read_page_by_page_newest_first(manager):
    ids = [manager.desk.store() for _ in range(5)]
    first = manager.ask("GET", "/v1/alerts?limit=2").json()
    second = manager.ask("GET", f"/v1/alerts?limit=2&before={first['next']}").json()
    last = manager.ask("GET", f"/v1/alerts?limit=2&before={second['next']}").json()
    found = [one["id"] for page in (first, second, last) for one in page["items"]]
    assert found == ids[::-1]
    assert last["next"] is None


def test_alerts_are_found_by_what_they_say(manager):
    scratch = manager.desk.store(label="scratch", part="p-1")
    dark = manager.desk.store(outcome="unknown")
    step(manager, scratch, "acknowledge", "new")

    def found(query):
        return [one["id"] for one in manager.ask("GET", f"/v1/alerts?{query}").json()["items"]]

    assert found("outcome=unknown") == [dark]
    assert found("label=scratch") == [scratch]
    assert found("part=p-1&cause=threshold&severity=warning&point=line-1") == [scratch]
    assert found("state=acknowledged") == [scratch]
    assert found("state=new") == [dark]
    assert found("device=plant/hall/station-1") == [dark, scratch]
    assert found("device=plant/hall/station-2") == []
    assert found("until=2023-11-14T22:13:20Z") == []
    assert found("since=2023-11-14T22:13:20Z") == [dark, scratch]


def test_one_alert_comes_with_its_history_and_the_message_as_it_came(manager):
    alert = manager.desk.store(label="scratch")
    step(manager, alert, "acknowledge", "new", text="I go and look")
    file = manager.ask("GET", f"/v1/alerts/{alert}").json()
    assert file["alert"]["state"] == "acknowledged"
    assert [(one["after"], one["text"]) for one in file["history"]] == [("acknowledged", "I go and look")]
    assert file["message"]["data"]["label"] == "scratch"


def test_an_alert_lives_from_new_to_closed_and_may_be_opened_again(manager):
    alert = manager.desk.store()
    steps = [("acknowledge", "new"), ("confirm", "acknowledged"), ("false-alarm", "confirmed-defect")]
    for word, expected in [*steps, ("close", "false-alarm"), ("acknowledge", "closed")]:
        assert step(manager, alert, word, expected).status_code == 200
    states = [one["after"] for one in manager.ask("GET", f"/v1/alerts/{alert}").json()["history"]]
    assert states == ["acknowledged", "confirmed-defect", "false-alarm", "closed", "acknowledged"]


def test_of_two_people_who_act_at_once_the_second_is_told_of_the_first(manager):
    alert = manager.desk.store()
    assert step(manager, alert, "false-alarm", "new").status_code == 200
    second = step(manager, alert, "confirm", "new")
    assert second.status_code == 409
    assert second.json()["type"].endswith("#conflict")
    assert second.json()["state"] == "false-alarm"


@pytest.mark.parametrize(
    ("word", "wish"),
    [
        ("close", {"expected": "new"}),
        ("acknowledge", {"expected": "lost"}),
        ("acknowledge", {}),
        ("acknowledge", {"expected": "new", "label": "scratch"}),
        ("confirm", {"expected": "new", "label": "good"}),
        ("confirm", {"expected": "new", "label": ""}),
        ("confirm", {"expected": "new", "text": "\u0000"}),
        ("confirm", {"expected": "new", "text": "x" * 4001}),
        ("comments", {"text": ""}),
        ("comments", {"text": "   "}),
        ("comments", []),
    ],
)
def test_a_step_that_does_not_fit_is_refused_in_words_and_changes_nothing(manager, word, wish):
    alert = manager.desk.store()
    answer = manager.ask("POST", f"/v1/alerts/{alert}/{word}", json=wish)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert manager.ask("GET", f"/v1/alerts/{alert}").json()["history"] == []


def test_half_a_character_is_refused(manager):
    alert = manager.desk.store()
    headers = {"Content-Type": "application/json"}
    answer = manager.ask("POST", f"/v1/alerts/{alert}/comments", content=b'{"text": "\\ud800"}', headers=headers)
    assert answer.status_code == 422


def test_a_comment_is_kept_with_who_said_it(manager):
    alert = manager.desk.store()
    answer = manager.ask("POST", f"/v1/alerts/{alert}/comments", "operator", HALL, json={"text": "seen before"})
    assert answer.status_code == 201
    (entry,) = answer.json()["history"]
    assert entry["text"] == "seen before"
    assert entry["who"].startswith("operator-")


def test_each_step_is_an_entry_of_the_audit_log(manager):
    alert = manager.desk.store()
    step(manager, alert, "confirm", "new", label="scratch")
    entries = manager.ask("GET", "/v1/audit").json()["items"]
    (entry,) = [one for one in entries if one["object"] == f"alert:{alert}"]
    assert (entry["action"], entry["site"], entry["result"]) == ("confirm defect", HALL, "done")


def test_an_alert_that_is_not_there_is_not_found(manager):
    for method, path in [("GET", ""), ("POST", "/close"), ("POST", "/comments")]:
        body = {"expected": "new"} if path == "/close" else {"text": "x"}
        answer = manager.ask(method, f"/v1/alerts/7{path}", json=body)
        assert answer.status_code == 404
