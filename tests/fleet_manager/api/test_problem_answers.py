"""Whatever is wrong with a request, the answer is a problem document that says what to do; nothing of ours leaks."""

import json
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from fleet_manager.api import alert_routes
from fleet_manager.api.problem_kinds import PROBLEM_KINDS
from fleet_manager.store.database import StoreUnavailable
from tests.fleet_manager.api.conftest import HALL

MEMBERS = {"type", "title", "status", "detail", "instance"}
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "problems.md"


def assert_problem(answer, status, name):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= MEMBERS
    assert problem["status"] == status
    assert problem["type"].endswith(f"#{name}")
    assert problem["instance"] == f"urn:lepton:request:{answer.headers['x-request-id']}"
    return problem


def test_every_kind_of_problem_is_documented():
    page = PAGE.read_text("utf-8")
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [kind.name for kind in PROBLEM_KINDS]


def test_an_address_that_there_is_not(shared):
    assert_problem(shared.client.get("/v1/nothing"), 404, "not-found")
    assert_problem(shared.client.get("/v1/alerts/"), 404, "not-found")


def test_a_method_that_an_address_does_not_take(shared):
    answer = shared.ask("DELETE", "/v1/people")
    assert_problem(answer, 405, "wrong-method")
    assert answer.headers["Allow"] == "GET, POST"


def test_values_that_are_wrong_are_all_named(shared):
    problem = assert_problem(shared.ask("GET", "/v1/alerts?limit=0&state=lost&site=plant"), 422, "invalid")
    assert {one["where"] for one in problem["errors"]} == {"query.limit", "query.state", "query.site"}


@pytest.mark.parametrize("path", ["/v1/alerts/x", "/v1/alerts/0", "/v1/alerts/99999999999999999999", "/v1/alerts/-1",
                                  "/v1/devices/PLANT/hall/a", "/v1/evidence/abc", "/v1/people/..%00"])  # fmt: skip
def test_an_address_with_a_wrong_part_is_not_there(shared, path):
    assert_problem(shared.ask("GET", path), 404, "not-found")


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b"\xff\xfe", b"[" * 100_000, b'{"label": NaN}', b"\x00"])
def test_a_body_that_is_no_json_is_refused(shared, body):
    answer = shared.ask("POST", "/v1/tokens", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
def test_a_body_of_another_kind_is_refused(shared, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    answer = shared.ask("POST", "/v1/tokens", content=b'{"label": "a"}', headers=headers)
    assert_problem(answer, 415, "wrong-media-type")


def test_a_compressed_body_is_refused(shared):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert_problem(shared.ask("POST", "/v1/tokens", content=b"\x1f\x8b", headers=headers), 415, "wrong-media-type")


def test_a_body_that_says_that_it_is_too_large_is_not_read(shared):
    body = json.dumps({"label": "x" * (1 << 20)}).encode()
    answer = shared.ask("POST", "/v1/tokens", content=body, headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "too-large")


def test_a_body_that_does_not_say_how_large_it_is_is_cut_off(shared):
    def endless():
        for _ in range(1000):
            yield b" " * 8192

    answer = shared.ask("POST", "/v1/tokens", content=endless(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, "too-large")


@pytest.mark.parametrize("headers", [{f"X-{n}": "1" for n in range(120)}, {"X-Long": "x" * 20_000}])
def test_headers_without_end_are_refused(shared, headers):
    assert_problem(shared.client.get("/healthz", headers=headers), 431, "head-too-large")


def test_a_query_without_end_is_refused(shared):
    assert_problem(shared.client.get("/healthz", params={"q": "x" * 20_000}), 431, "head-too-large")


def test_a_fault_of_ours_is_told_without_its_details(manager, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(alert_routes, "inbox", broken)
    answer = manager.ask("GET", "/v1/alerts")
    assert_problem(answer, 500, "fault")
    assert "swordfish" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text
    assert "swordfish" in caplog.text


@pytest.mark.parametrize("error", [
    StoreUnavailable("disk I/O error at /srv/fleet.sqlite"),
    OperationalError("SELECT secret", {}, Exception("connection to 10.0.0.1 refused")),
])  # fmt: skip
def test_a_database_that_is_away_is_answered_with_when_to_ask_again(manager, monkeypatch, error):
    def away(*_, **__):
        raise error

    monkeypatch.setattr(alert_routes, "inbox", away)
    answer = manager.ask("GET", "/v1/alerts")
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text
    assert "/srv" not in answer.text


def test_a_password_of_too_few_days_is_told_in_the_words_of_the_house(shared):
    wish = {"label": "x", "grants": [{"site": HALL, "role": "king"}], "days": 1000}
    problem = assert_problem(shared.ask("POST", "/v1/tokens", json=wish), 422, "invalid")
    assert {one["where"] for one in problem["errors"]} == {"body.grants.0.role", "body.days"}
