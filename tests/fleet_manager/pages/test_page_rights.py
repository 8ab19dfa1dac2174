"""Every page and every form of it: the lowest role that it is for, at its own site, from a page of the same session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from edge_contracts.topics import DeviceAddress
from fleet_manager.arrival import judge
from fleet_manager.commands.command_log import list_commands
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.following import follow
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.csrf import csrf_token
from fleet_manager.people.roles import LOWEST_ROLE, Grant, Permission, Role
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import WHERE, birth_arrival
from tests.fakes.desired import TEXT
from tests.fakes.desks import leave_nothing
from tests.fakes.people import NOON_MS, PASSWORD
from tests.fleet_manager.pages.conftest import visited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from tests.fleet_manager.pages.conftest import Visitors

HALL, YARD = "plant/hall", "plant/yard"
DEVICE = f"/devices/{WHERE}"
RULE = {
    "name": "night", "whom": "https://calls.example.org/here", "severity": "critical", "sites": HALL, "causes": "",
    "after_s": "300", "every_s": "900", "is_new": "1",
}  # fmt: skip
NEW = "battery staple correct"
DRAFT = {"text": TEXT, "note": "why", "after": "0"}


@dataclass(frozen=True)
class Step:
    """A request of a page.

    route: as the router has it. path: an address of it. need: None where a session is enough.
    fields: of the form. is_list: whether somebody of another site gets the page, with what is theirs.
    before: forms that must have been sent, by an admin, for it to succeed.
    """

    method: str
    route: str
    path: str
    need: Permission | None
    fields: dict[str, str] = field(default_factory=dict)
    is_list: bool = False
    before: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" {self.fields['after']}" if "state" in self.path else "")


def look(route: str, path: str, need: Permission | None = Permission.SEE_ALERTS, *, is_list: bool = False) -> Step:
    return Step("GET", route, path, need, is_list=is_list)


def send(route: str, path: str, need: Permission | None, *before: Step, **fields: str) -> Step:
    return Step("POST", route, path, need, fields, before=before)


SEE, SET = Permission.ACKNOWLEDGE, Permission.CHANGE_CONFIGURATION
PEOPLE = Permission.MANAGE_PEOPLE
ALERT, PERSON, TEXTS = "/alerts/{number}", "/people/{name}", "/devices/{address:path}/configuration"
SAVE_RULE = send("/calls/rules", "/calls/rules", SET, **RULE)
SAVE_TEXT = send(TEXTS, f"{DEVICE}/configuration", SET, **DRAFT)
MAKE_TOKEN = send("/tokens", "/tokens", None, label="own", role="viewer", site=HALL, days="9")
STEPS = (
    look("/", "/", is_list=True),
    look("/devices/{address:path}", DEVICE),
    look("/alerts", "/alerts", is_list=True),
    look(ALERT, "/alerts/1"),
    look("/cases", "/cases", is_list=True),
    look("/cases/{number}", "/cases/1"),
    look("/quarantine", "/quarantine", is_list=True),
    look("/statistics", "/statistics", is_list=True),
    look("/calls", "/calls", SET, is_list=True),
    look("/shifts", f"/shifts?site={HALL}", SET),
    look("/people", "/people", PEOPLE, is_list=True),
    look("/audit", "/audit", Permission.SEE_AUDIT, is_list=True),
    look("/account", "/account", None, is_list=True),
    look("/tokens", "/tokens", None, is_list=True),
    look("/waits-for", "/waits-for", None, is_list=True),
    look(TEXTS, f"{DEVICE}/configuration", SET),
    send(f"{ALERT}/state", "/alerts/1/state", SEE, expected="new", after="acknowledged"),
    send(f"{ALERT}/state", "/alerts/1/state", Permission.LABEL, expected="new", after="false-alarm"),
    send(f"{ALERT}/comment", "/alerts/1/comment", Permission.COMMENT, text="seen"),
    send("/cases/{number}/acknowledge", "/cases/1/acknowledge", SEE),
    send("/devices/{address:path}/commands", f"{DEVICE}/commands", Permission.SEND_COMMANDS, name="ping"),
    SAVE_TEXT,
    send(f"{TEXTS}/restore", f"{DEVICE}/configuration/restore", SET, SAVE_TEXT, revision="1", after="1"),
    SAVE_RULE,
    send("/calls/rules/remove", "/calls/rules/remove", SET, SAVE_RULE, name="night"),
    send("/calls/rules/trial", "/calls/rules/trial", SET, SAVE_RULE, name="night"),
    send("/shifts", "/shifts", SET, **{"site": HALL, "zone": "UTC", "name-0": "early", "begins-0": "06:00"}),
    send("/people", "/people", PEOPLE, name="new", role="viewer", site=HALL),
    send(f"{PERSON}/grants", "/people/mia/grants", PEOPLE, **{"role-0": "operator", "site-0": HALL}),
    send(f"{PERSON}/link", "/people/mia/link", PEOPLE),
    send(f"{PERSON}/switch-off", "/people/mia/switch-off", PEOPLE),
    send(f"{PERSON}/switch-on", "/people/mia/switch-on", PEOPLE),
    send("/tokens", "/tokens", None, label="own", role="viewer", site=HALL, days="9"),
    send("/account/password", "/account/password", None, old=PASSWORD, password=NEW, again=NEW),
    send("/logout", "/logout", None),
)
NEEDING = [step for step in STEPS if step.need is not None]
OPEN = {
    ("GET", "/login"), ("POST", "/login"), ("GET", "/link"), ("POST", "/link"),
    ("GET", "/static/{digest}/{name}"), ("GET", "/live/alerts"), ("GET", "/live/changes"),
    ("POST", "/tokens/{token:int}/revoke"),
}  # fmt: skip
"""For strangers, streams, and a token's owner: each has tests of its own."""


def furnished(visitors: Visitors) -> Visitors:
    """An alert with its case, a station that may be sent commands, and mia, who looks on."""
    visitors.desk.now_ms = NOON_MS
    born = judge(DeviceAddress(*WHERE.split("/")).topic("birth"), _birth())
    AlertStore(visitors.desk.engine, visitors.office.clock).take([born])
    visitors.desk.store(WHERE)
    while follow(visitors.desk.engine, CaseReader(GAP_MS), lambda _seconds: None, leave_nothing):
        pass
    visitors.office.join("mia", (Grant(HALL, Role.VIEWER),))
    return visitors


def _birth() -> bytes:
    return birth_arrival().body.replace(b'"capabilities":[]', b'"capabilities":["cmd/ping","desired"]')


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Visitors]:
    """One manager for all that is refused, and so changes nothing."""
    with visited(tmp_path_factory.mktemp("rights")) as one:
        yield furnished(one)


def as_role(visitors: Visitors, role: Role, where: str) -> str:
    name = f"{role.word}-{where.rpartition('/')[2]}".replace("*", "all")
    if name not in visitors.sessions:
        visitors.office.join(name, (Grant(where, role),))
        visitors.come_in(name)
    return name


def asked(visitors: Visitors, step: Step, name: str) -> Response:
    if step.method == "GET":
        return visitors.get(step.path, name)
    return visitors.post(step.path, name, **step.fields)


def lowest(step: Step) -> Role:
    return LOWEST_ROLE[step.need] if step.need else Role.VIEWER


def test_every_page_and_form_stands_in_the_table(visitors) -> None:
    routes = visitors.pages.routes
    made = {(method, one.path) for one in routes for method in (one.methods or {"GET"}) if method != "HEAD"}
    assert made == {(step.method, step.route) for step in STEPS} | OPEN


@pytest.mark.parametrize("step", [one for one in STEPS if one.method == "GET"], ids=str)
def test_the_lowest_role_of_the_site_is_enough_to_look(site, step: Step) -> None:
    assert asked(site, step, as_role(site, lowest(step), HALL)).status_code == 200


@pytest.mark.parametrize("step", [one for one in STEPS if one.method == "POST"], ids=str)
def test_the_lowest_role_of_the_site_is_enough_to_act(visitors, step: Step) -> None:
    furnished(visitors)
    for other in step.before:
        assert asked(visitors, other, "anna").status_code < 400
    assert asked(visitors, step, as_role(visitors, lowest(step), HALL)).status_code in {200, 303}


@pytest.mark.parametrize("step", [one for one in NEEDING if lowest(one) > Role.DEVICE], ids=str)
def test_the_role_below_is_not_enough(site, step: Step) -> None:
    status = asked(site, step, as_role(site, Role(lowest(step) - 1), HALL)).status_code
    assert status in ({403, 200} if step.path == "/" else {403, 404})


@pytest.mark.parametrize("step", NEEDING, ids=str)
def test_a_role_at_another_site_opens_nothing_of_this_one(site, step: Step) -> None:
    answer = asked(site, step, as_role(site, lowest(step), YARD))
    if step.is_list:
        assert answer.status_code == 200
        assert "station-1" not in answer.text
    else:
        assert answer.status_code in {403, 404, 422}


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_a_stranger_is_sent_to_the_log_in(site, step: Step) -> None:
    site.client.cookies.clear()
    answer = site.client.request(step.method, step.path, data=step.fields or None, follow_redirects=False)
    assert answer.status_code in {303, 422}
    assert answer.status_code == 422 or answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("csrf", ["", "0" * 64])
@pytest.mark.parametrize("step", [one for one in STEPS if one.method == "POST"], ids=str)
def test_a_form_that_no_page_of_the_session_made_does_nothing(site, step: Step, csrf: str) -> None:
    answer = site.post(step.path, "anna", **{**step.fields, "csrf": csrf})
    assert answer.status_code == 409
    assert "form of this session" in answer.text


def test_nothing_of_all_that_was_refused_came_about(site) -> None:
    with site.desk.engine.connect() as con:
        assert list_commands(con, WHERE, limit=9) == []
    page = site.get("/alerts/1").text
    assert "acknowledged</span>" not in page
    assert [one.name for one in site.office.people.accounts.everybody() if one.name == "new"] == []


def test_an_act_has_one_name_whoever_does_it(visitors) -> None:
    furnished(visitors)
    visitors.post("/alerts/1/state", "anna", expected="new", after="acknowledged")
    secret = visitors.sessions["anna"]
    headers = {"Cookie": f"{SESSION}={secret}", "X-CSRF-Token": csrf_token(secret)}
    step = {"expected": "acknowledged"}
    assert visitors.client.post("/v1/alerts/1/close", json=step, headers=headers).status_code == 200
    acts = [one.action for one in visitors.office.people.audit.page(["*"]) if one.object == "alert:1"]
    assert acts == ["close", "acknowledge"]
