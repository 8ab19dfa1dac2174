"""Around every route: a name for the request, headers for browsers, a line in the log that holds no secret."""

import logging

import pytest

from fleet_manager.api.access_log import LOGGER
from fleet_manager.api.security_headers import HEADERS
from tests.fleet_manager.api.conftest import HALL

ADDRESSES = ["/healthz", "/v1/nothing", "/v1/alerts", "/v1/openapi.json"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_tells_browsers_to_be_careful(shared, address):
    answer = shared.client.get(address)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answer.headers


def test_over_tls_there_is_no_way_back_to_plain_http(shared):
    answer = shared.client.get("https://testserver/healthz")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_each_request_has_a_name_of_its_own(shared):
    names = {shared.client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}
    assert len(names) == 3


@pytest.mark.parametrize(("sent", "is_kept"), [("build-7.a_b", True), ("a" * 65, False), ("a b", False), ("é", False)])
def test_a_name_that_came_along_is_kept_where_it_is_plain(shared, sent, is_kept):
    answer = shared.client.get("/healthz", headers={"X-Request-Id": sent.encode("latin-1")})
    assert (answer.headers["X-Request-Id"] == sent) is is_kept


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, LOGGER)
    return lambda: [record.getMessage() for record in caplog.records if record.name == LOGGER]


def test_each_request_is_one_line_with_who_asked_and_how_it_ended(shared, lines):
    shared.token("viewer", HALL)
    answer = shared.ask("GET", "/v1/me", "viewer", HALL, headers={"X-Request-Id": "seven"})
    (line,) = lines()
    who = shared.services.people.gate.program(shared.token("viewer", HALL)).name
    size = len(answer.content)
    assert line == f"seven GET /v1/me 200, {size} bytes, 1000.0 ms, testclient, {who}"


def test_no_secret_comes_into_the_log(shared, lines):
    token = shared.token("viewer", HALL)
    shared.client.cookies.set("lepton_session", "c" * 64)
    shared.client.get(f"/v1/me?token={token}", headers={"X-CSRF-Token": "d" * 64})
    shared.client.cookies.clear()
    shared.ask("GET", "/v1/me", "viewer", HALL)
    text = "\n".join(lines())
    for secret in (token, token[20:], "c" * 64, "d" * 64, "token="):
        assert secret not in text


def test_nobody_writes_lines_of_their_own_into_the_log(shared, lines):
    shared.client.get("/v1/x%0A2026%20GET%20/forged%1b[31m")
    (line,) = lines()
    assert "\n" not in line
    assert "\x1b" not in line
    assert "/v1/x%0A2026%20GET" in line


def test_an_answer_that_breaks_off_is_no_whole_answer(manager, monkeypatch, caplog):
    def broken(*_):
        yield [(1,)]
        raise RuntimeError("swordfish")

    monkeypatch.setattr("fleet_manager.api.export_routes.alert_pages", broken)
    manager.client._transport.raise_server_exceptions = True
    with pytest.raises(RuntimeError):
        manager.ask("GET", "/v1/exports/alerts.csv", "operator")
    assert "swordfish" in caplog.text
