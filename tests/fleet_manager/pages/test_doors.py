"""What strangers may send: forms of any shape, and targets that lead elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DataError, OperationalError
from starlette.requests import Request

from edge_contracts.errors import BadInputError
from fleet_manager.pages.form import MOST_BYTES, read_form
from fleet_manager.pages.own_origin import is_own
from fleet_manager.pages.own_path import own_path
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.sessions import Sessions
from tests.fakes.people import PASSWORD

if TYPE_CHECKING:
    from tests.fleet_manager.pages.conftest import Visitors

KIND = "application/x-www-form-urlencoded"


def sent(body: bytes, kind: str = KIND) -> dict[str, str]:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return dict(asyncio.run(read_form(Request(scope, receive))))


def test_a_form_is_read() -> None:
    assert sent(b"text=one%0D%0Atwo%09") == {"text": "one\r\ntwo\t"}
    assert sent(b"name=anna&text=gr%C3%BCn+da&empty=") == {"name": "anna", "text": "grün da", "empty": ""}


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_form_or_is_refused(body: bytes) -> None:
    try:
        fields = sent(body)
    except BadInputError:
        return
    assert all(isinstance(text, str) for pair in fields.items() for text in pair)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a" * (MOST_BYTES + 1), KIND),
        (b"{}", "application/json"),
        (b"a=%ff", KIND),
        (b"a&" * 140, KIND),
        (b"a=%00", KIND),
    ],
)
def test_what_is_no_form_of_ours_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(BadInputError):
        sent(body, kind)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "x", "//["],
)
def test_a_log_in_leads_nowhere_else(target: str) -> None:
    assert own_path(target) == "/"


@given(st.text(max_size=40))
def test_whatever_is_asked_for_leads_to_a_page_of_ours(target: str) -> None:
    assert urljoin("http://fleet/", own_path(target)).startswith("http://fleet/")


def test_a_log_in_leads_back_to_where_somebody_wanted_to_go() -> None:
    assert own_path("/alerts/7?state=any") == "/alerts/7?state=any"


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://fleet.example.evil.example"},
        {"origin": "http://fleet.example:8701"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://fleet.example", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_form_of_another_page_is_known(told: dict[str, str]) -> None:
    assert not is_own({"host": "fleet.example", **told})


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"origin": "http://fleet.example", "sec-fetch-site": "same-origin"},
        {"origin": "https://Fleet.example"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_a_form_of_our_own_page_is_known(told: dict[str, str]) -> None:
    assert is_own({"host": "fleet.example", **told})


@pytest.mark.parametrize(
    "path",
    ["/alerts?point=%00", "/alerts?device=%00", "/?site=%00", "/cases?site=%00", "/quarantine?before=1.a.%00",
     "/statistics?by=shift&site=%00", "/devices/a%00/b/c", "/v1/quarantine?before=1.a.%00", "/live/alerts?site=%00"],
)  # fmt: skip
def test_an_address_with_a_control_character_asks_the_database_nothing(visitors, path: str) -> None:
    answer = visitors.get(path)
    assert answer.status_code in {400, 404}
    assert "control character" in answer.json()["detail"]


def away() -> OperationalError:
    return OperationalError("SELECT", {}, OSError("the connection was closed"))


def unfit() -> DataError:
    return DataError("SELECT", {}, ValueError("text fields cannot contain NUL"))


@pytest.mark.parametrize(("fault", "status", "at_the_door"), [(away, 503, 503), (unfit, 422, 401)])
def test_what_the_database_says_is_a_page_everywhere(visitors, monkeypatch, fault, status, at_the_door) -> None:
    visitors.come_in()

    def broken(*_: object, **__: object) -> None:
        raise fault()

    monkeypatch.setattr(Sessions, "account", broken)
    monkeypatch.setattr(Sessions, "open", broken)
    log_in = visitors.client.post("/login", data={"name": "anna", "password": PASSWORD})
    answers = (visitors.get("/alerts"), visitors.get("/live/alerts"), log_in)
    assert [answer.status_code for answer in answers] == [status, status, at_the_door]
    for answer in answers:
        assert not answer.headers["content-type"].startswith("application/problem")
        assert "connection was closed" not in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_mistyped_address_is_a_page_to_a_browser_and_a_problem_to_a_program(visitors: Visitors) -> None:
    cookie = {"Cookie": f"{SESSION}={visitors.come_in()}"}
    for path in ("/nonsense", "/people/bert/grants"):
        page = visitors.client.get(path, headers={**cookie, **BROWSER})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "begin at the overview" in page.text
    for path, headers in (("/nonsense", cookie), ("/v1/nonsense", {**cookie, **BROWSER})):
        answer = visitors.client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_stranger_at_a_mistyped_address_logs_in_first(visitors: Visitors) -> None:
    answer = visitors.client.get("/nonsense", headers=BROWSER, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/nonsense")
