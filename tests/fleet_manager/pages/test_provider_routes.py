"""Coming in by an identity provider, as a browser sees it; the provider here does what a test tells it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from fleet_manager.api.application import create_app
from fleet_manager.api.rule_routes import rule_keeping
from fleet_manager.api.services import Services
from fleet_manager.pages.page_parts import PageParts
from fleet_manager.pages.pending_log_in import PendingLogIn, pending_log_in
from fleet_manager.pages.router import add_pages, live_feed
from fleet_manager.people.claims import ClaimRule
from fleet_manager.people.cookie_names import LOG_IN, SESSION, cookie_name
from fleet_manager.people.csrf import csrf_token
from fleet_manager.people.identity_provider import ProofRefused, ProviderAway
from fleet_manager.people.provider_door import ProviderDoor
from fleet_manager.people.provider_log_in import ProviderLogIn
from fleet_manager.people.roles import Grant, Role
from tests.fakes.people import PASSWORD, Office, office_with_admin
from tests.fakes.stores import opened_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

IDP = "https://idp.example"


@dataclass
class ObedientProvider:
    """Knows `good` as the one code, for the nonce and verifier that it was asked with."""

    is_away: bool = False
    groups: list[str] = field(default_factory=lambda: ["line-leads"])
    issuer: str = IDP
    asked: tuple[str, str, str] = ("", "", "")

    def address(self, state: str, nonce: str, verifier: str) -> str:
        if self.is_away:
            raise ProviderAway("wanted an answer of it, found none: secret words")
        self.asked = (state, nonce, verifier)
        return f"{IDP}/authorize?state={state}"

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        if self.is_away:
            raise ProviderAway("wanted an answer of it, found none: secret words")
        if (code, nonce, verifier) != ("good", *self.asked[1:]):
            raise ProofRefused("wanted another code: secret words")
        return {"sub": "0042", "preferred_username": "lena", "groups": self.groups}

    def end_address(self) -> str | None:
        return f"{IDP}/end"


@dataclass
class Door:
    client: TestClient
    office: Office
    provider: ObedientProvider

    def begin(self, target: str = "/alerts") -> str:
        """Follow the button; the state that the browser is sent away with."""
        answer = self.client.get(f"/login/oidc?next={target}")
        assert answer.status_code == 303
        return parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]

    def back(self, **query: str) -> Any:
        return self.client.get("/login/oidc/done", params=query)

    def is_in(self) -> bool:
        return self.client.get("/account").status_code == 200


@pytest.fixture(params=["http", "https"])
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Door]:
    store = opened_store(tmp_path / "fleet.sqlite")
    office, provider = office_with_admin(store.engine), ObedientProvider()
    rules = (ClaimRule("groups", "line-leads", Grant("plant/hall", Role.OPERATOR)),)
    people = office.people
    log_in = ProviderLogIn(store.engine, people.audit, people.sessions, office.clock, IDP, rules, "preferred_username")
    draw = random.Random(7).randbytes
    services = Services(store.engine, people, None, lambda: (), office.clock, lambda: 0.0, draw)
    feed = live_feed(store.engine)
    way = ProviderDoor("the plant's account", provider, log_in)
    parts = PageParts(
        store.engine, people, None, office.clock, rule_keeping(services), services.waits_for, provider=way
    )
    app = create_app(services)
    add_pages(app, parts, feed)
    with TestClient(app, base_url=f"{request.param}://fleet.example", follow_redirects=False) as client:
        yield Door(client, office, provider)
    feed.close()
    store.close()


def test_the_button_leads_there_and_the_answer_to_the_page_that_was_wanted(door: Door) -> None:
    assert 'href="/login/oidc?next=/alerts"' in door.client.get("/login?next=/alerts").text
    answer = door.back(state=door.begin(), code="good")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    assert door.is_in()


def test_what_the_browser_keeps_meanwhile_is_for_nobody_else_and_goes(door: Door) -> None:
    answer = door.client.get("/login/oidc")
    is_tls = door.client.base_url.scheme == "https"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(cookie_name(LOG_IN, is_tls=is_tls))
    assert ("Secure" in cookie) is is_tls
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert part in cookie
    state = door.provider.asked[0]
    gone = door.back(state=state, code="good").headers.get_list("set-cookie")
    assert any(one.startswith(cookie_name(LOG_IN, is_tls=is_tls)) and "Max-Age=0" in one for one in gone)
    (session,) = (one for one in gone if one.startswith(cookie_name(SESSION, is_tls=is_tls)))
    assert ("Secure" in session) is is_tls
    for part in ("HttpOnly", "SameSite=lax", "Path=/"):
        assert part in session
    assert "Domain" not in session


def test_an_answer_that_nobody_here_began_lets_nobody_in(door: Door) -> None:
    assert door.back(state="x" * 64, code="good").status_code == 400
    state = door.begin()
    for wrong in ("", state[:-1] + "x", "ü\ud800"):
        answer = door.back(state=wrong, code="good") if wrong != "ü\ud800" else door.back(state="ü", code="good")
        assert answer.status_code == 400
        assert "begin it again" in answer.text
        assert not door.is_in()
        state = door.begin()
    door.client.cookies.clear()
    assert door.back(state=state, code="good").status_code == 400


def test_an_answer_that_is_sent_again_lets_nobody_in(door: Door) -> None:
    state = door.begin()
    door.back(state=state, code="good")
    door.client.cookies.delete(cookie_name(SESSION, is_tls=door.client.base_url.scheme == "https"))
    assert door.back(state=state, code="good").status_code == 400
    assert not door.is_in()


@pytest.mark.parametrize(
    "query",
    [{"code": "stolen"}, {"error": "access_denied"}, {}, {"code": "good", "iss": "https://other.example"}],
    ids=str,
)
def test_an_answer_that_proves_nobody_is_told_without_the_reason(door: Door, query: dict[str, str]) -> None:
    answer = door.back(state=door.begin(), **query)
    assert answer.status_code == 401
    assert "did not prove who you are" in answer.text
    assert "secret words" not in answer.text
    assert not door.is_in()


def test_who_has_no_role_here_is_told_so(door: Door) -> None:
    door.provider.groups = ["smokers"]
    answer = door.back(state=door.begin(), code="good")
    assert answer.status_code == 403
    assert "Wanted a role for you" in answer.text
    assert door.office.people.audit.page(["*"], limit=1)[0].result == "refused"


def test_while_the_provider_is_away_passwords_still_open(door: Door) -> None:
    state = door.begin()
    door.provider.is_away = True
    for answer in (door.client.get("/login/oidc"), door.back(state=state, code="good")):
        assert answer.status_code == 503
        assert "Log in with a password of this manager" in answer.text
        assert "secret words" not in answer.text
        assert 'name="password"' in answer.text
    assert door.client.post("/login", data={"name": "anna", "password": PASSWORD}).status_code == 303
    assert door.is_in()


def test_whatever_the_cookie_says_nobody_is_led_elsewhere(door: Door) -> None:
    state = door.begin()
    name = cookie_name(LOG_IN, is_tls=door.client.base_url.scheme == "https")
    pending = pending_log_in(door.client.cookies[name])
    assert pending is not None
    door.client.cookies.clear()
    door.client.cookies.set(name, replace(pending, target="https://evil.example/").text())
    assert door.back(state=state, code="good").headers["location"] == "/"


def test_who_logs_out_is_known_no_more_and_the_interface_knew_them_by_the_same_cookie(door: Door) -> None:
    door.back(state=door.begin(), code="good")
    assert door.client.get("/v1/me").json()["name"] == "lena"
    secret = door.client.cookies[cookie_name(SESSION, is_tls=door.client.base_url.scheme == "https")]
    door.client.post("/logout", data={"csrf": csrf_token(secret)})
    assert not list(door.client.cookies)


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil"])
def test_nobody_is_led_elsewhere(door: Door, target: str) -> None:
    assert door.back(state=door.begin(target), code="good").headers["location"] == "/"


def test_who_logs_out_is_shown_the_way_out_of_the_provider(door: Door) -> None:
    page = door.client.get("/login?out").text
    assert "Log out of the plant&#39;s account, too" in page
    assert door.client.get("/login/oidc/out").headers["location"] == f"{IDP}/end"


@pytest.mark.parametrize(
    "text", ["", "x", "%7B%7D", "[]", '{"state": ""}', '{"state": 1, "nonce": 1, "verifier": 1, "target": 1}']
)
def test_a_cookie_that_is_none_of_ours_begins_nothing(text: str) -> None:
    assert pending_log_in(text) is None


def test_a_cookie_comes_back_as_it_went() -> None:
    pending = PendingLogIn("a", "b", "c", "/alerts?state=any;x")
    assert pending_log_in(pending.text()) == pending
