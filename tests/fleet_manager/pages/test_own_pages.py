"""A person's own pages, and those of an engineer: password, tokens, shifts, calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from fleet_manager.desk.shift_plans import shifts_of
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.roles import Grant, Role
from fleet_manager.store.alert_store import AlertStore
from tests.fakes.arrivals import birth_arrival
from tests.fakes.people import PASSWORD

if TYPE_CHECKING:
    from tests.fleet_manager.pages.conftest import Visitors

NEW = "seven green bottles"
HALL, YARD = "plant/hall", "plant/yard"


def passwords(old: str = PASSWORD, new: str = NEW, again: str = NEW) -> dict[str, str]:
    return {"old": old, "password": new, "again": again}


def test_a_changed_password_ends_every_session_but_the_new_one(visitors: Visitors) -> None:
    before, other = visitors.come_in(), visitors.office.log_in("anna")
    answer = visitors.post("/account/password", **passwords())
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?changed")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    fresh = re.search(rf"{SESSION}=(\w+)", cookie)
    assert fresh
    gate = visitors.office.people.gate
    assert gate.person(before) is gate.person(other) is None
    assert gate.person(fresh[1]) is not None


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (passwords(old="not this one at all"), "not your password of now"),
        (passwords(again="seven green bottle"), "typed in two ways"),
        (passwords(new="short", again="short"), "password of 12 to 128 characters"),
    ],
)
def test_a_password_that_is_not_changed_is_said_so_and_the_session_goes_on(
    visitors: Visitors, sent: dict[str, str], told: str
) -> None:
    answer = visitors.post("/account/password", **sent)
    assert answer.status_code == 422
    assert told in answer.text
    assert visitors.get("/account").status_code == 200
    assert visitors.office.log_in("anna", PASSWORD)


def test_guesses_at_the_old_password_are_slowed_down(visitors: Visitors) -> None:
    answers = [visitors.post("/account/password", **passwords(old=f"guess number {n}")) for n in range(5)]
    assert answers[-1].status_code == 429


def test_a_tokens_secret_is_shown_once(visitors: Visitors) -> None:
    answer = visitors.post("/tokens", label="MES", role="operator", site=HALL, days="30")
    assert answer.headers["cache-control"] == "no-store"
    secret = re.search(r'value="(lpt_\w+)"', answer.text)
    assert secret
    assert visitors.office.people.gate.program(secret[1]).grants == (Grant(HALL, Role.OPERATOR),)
    assert secret[1] not in visitors.get("/tokens").text


@pytest.mark.parametrize(
    "wish",
    [{"role": "admin"}, {"site": YARD}, {"site": "*"}, {"days": "0"}, {"days": "many"}, {"label": ""}, {"role": "x"}],
)
def test_nobody_makes_a_token_that_may_more_than_they(visitors: Visitors, wish: dict[str, str]) -> None:
    visitors.office.join("otto", (Grant(HALL, Role.OPERATOR),))
    answer = visitors.post("/tokens", "otto", **{"label": "x", "role": "viewer", "site": HALL, "days": "9", **wish})
    assert answer.status_code == 422
    assert visitors.office.people.tokens.everybodys() == []


def test_an_admin_ends_the_tokens_of_their_people_and_a_stranger_sees_none(visitors: Visitors) -> None:
    visitors.office.join("otto", (Grant(HALL, Role.OPERATOR),))
    visitors.office.join("vera", (Grant(HALL, Role.VIEWER),))
    visitors.post("/tokens", "otto", label="MES of otto", role="viewer", site=HALL, days="9")
    (token,) = visitors.office.people.tokens.everybodys()
    assert "MES of otto" not in visitors.get("/tokens", "vera").text
    assert visitors.post(f"/tokens/{token.id}/revoke", "vera").status_code == 404
    assert "MES of otto" in visitors.get("/tokens").text
    assert visitors.post(f"/tokens/{token.id}/revoke").status_code == 303
    assert visitors.office.people.tokens.everybodys() == []


def plan(*shifts: tuple[str, str], site: str = HALL, zone: str = "Europe/Berlin") -> dict[str, str]:
    lines = {f"name-{at}": name for at, (name, _) in enumerate(shifts)}
    return {"site": site, "zone": zone, **lines} | {f"begins-{at}": begins for at, (_, begins) in enumerate(shifts)}


def test_shifts_are_kept_as_they_are_typed_and_empty_lines_dropped(visitors: Visitors) -> None:
    visitors.office.join("ed", (Grant(HALL, Role.ENGINEER),))
    answer = visitors.post("/shifts", "ed", **plan(("late", "14:00"), ("", ""), ("early", "06:00")))
    assert answer.status_code == 303
    with visitors.office.engine.connect() as con:
        kept = shifts_of(con, HALL)
    assert (kept.zone, [one.name for one in kept.shifts]) == ("Europe/Berlin", ["early", "late"])
    page = visitors.get("/shifts", "ed").text
    assert page.index('value="early"') < page.index('value="late"')
    assert visitors.office.people.audit.page([HALL], limit=1)[0].action == "change shifts"


@pytest.mark.parametrize(
    "sent",
    [plan(), plan(("a", "")), plan(("a", "06:07")), plan(("", "06:00")), plan(("a", "06:00"), zone="Mars/Base"),
     plan(("a", "06:00"), ("b", "06:00"))],
)  # fmt: skip
def test_what_is_no_plan_is_refused_with_what_was_typed(visitors: Visitors, sent: dict[str, str]) -> None:
    answer = visitors.post("/shifts", **sent)
    assert answer.status_code == 422
    assert f'value="{sent["zone"]}"' in answer.text
    assert all(f'value="{sent[key]}"' in answer.text for key in sent if key.startswith("name-") and sent[key])
    with visitors.office.engine.connect() as con:
        assert shifts_of(con, HALL).zone == "UTC"


def test_another_sites_shifts_are_not_there_and_a_viewer_changes_none(visitors: Visitors) -> None:
    visitors.office.join("ed", (Grant(HALL, Role.ENGINEER), Grant("plant/gate", Role.VIEWER)))
    for site, status in ((YARD, 404), ("plant/gate", 403)):
        assert visitors.get(f"/shifts?site={site}", "ed").status_code == status
        assert visitors.post("/shifts", "ed", **plan(("a", "06:00"), site=site)).status_code == status
    visitors.office.join("vera", (Grant("*", Role.VIEWER),))
    assert visitors.get("/shifts", "vera").status_code == 403
    assert "/shifts" not in visitors.get("/account", "vera").text


RULE = {"name": "night", "whom": "night@plant.example", "severity": "critical", "sites": HALL, "causes": ""}
TIMES = {"after_s": "300", "every_s": "900"}


def test_a_rule_is_made_changed_and_removed_on_the_page(visitors: Visitors) -> None:
    assert visitors.post("/calls/rules", is_new="yes", **RULE, **TIMES).status_code == 303
    page = visitors.get("/calls").text
    assert "night@plant.example" in page
    assert "name one in [mail] of site.toml" in page
    again = visitors.post("/calls/rules", is_new="yes", **{**RULE, "whom": "boss@plant.example"}, **TIMES)
    assert again.status_code == 422
    assert "change that one" in again.text
    assert visitors.post("/calls/rules", **{**RULE, "whom": "boss@plant.example"}, **TIMES).status_code == 303
    assert "boss@plant.example" in visitors.get("/calls").text
    assert visitors.post("/calls/rules/trial", name="night").status_code == 422
    assert visitors.post("/calls/rules/remove", name="night").status_code == 303
    assert "nobody is called" in visitors.get("/calls").text


def test_a_webhooks_secret_is_shown_once_on_the_page(visitors: Visitors) -> None:
    made = visitors.post("/calls/rules", **{**RULE, "whom": "https://chat.example/hook/abc"}, **TIMES)
    assert "whsec_" in made.text
    page = visitors.get("/calls").text
    assert "whsec_" not in page
    assert "/hook/abc" not in page
    assert visitors.post("/calls/rules/trial", name="night").status_code == 303
    assert "on its way" in visitors.get("/calls").text


def test_a_viewer_has_no_calls(visitors: Visitors) -> None:
    visitors.office.join("vera", (Grant("*", Role.VIEWER),))
    assert visitors.get("/calls", "vera").status_code == 403
    assert visitors.post("/calls/rules", "vera", **RULE, **TIMES).status_code == 403


def test_a_rule_about_a_site_that_nobody_knows_says_so_until_a_device_is_there(visitors: Visitors) -> None:
    webhook = {**RULE, "whom": "https://chat.example/hook/abc"}
    visitors.post("/calls/rules", **webhook, **TIMES)
    assert f"No device of {HALL} has announced itself: is the name right?" in visitors.get("/calls").text
    AlertStore(visitors.desk.engine, lambda: 1).take([birth_arrival()])
    page = visitors.get("/calls").text
    assert "is the name right?" not in page
    assert f"here are {HALL}" in page


def test_who_may_see_no_device_is_told_why(visitors: Visitors) -> None:
    visitors.office.join("bert", (Grant("plant/hal", Role.VIEWER),))
    visitors.office.join("nora", ())
    AlertStore(visitors.desk.engine, lambda: 1).take([birth_arrival()])
    assert "You may see plant/hal, and no device there" in visitors.get("/", "bert").text
    assert "ask an admin for a role" in visitors.get("/", "nora").text


def test_a_role_that_is_none_is_told_beside_its_form(visitors: Visitors) -> None:
    visitors.office.join("bert")
    page = visitors.post("/people/bert/grants", **{"role-0": "viewer", "site-0": "hall"})
    assert page.status_code == 422
    assert "wanted a site as org/site" in page.text.lower()
    assert "<details open><summary>Change" in page.text
    assert 'value="hall"' in page.text
    assert visitors.post("/people/bert/grants", **{"role-0": "viewer", "site-0": "all sites"}).status_code == 303


@pytest.mark.parametrize("path", ["/people", "/tokens"])
def test_a_site_is_chosen_never_given(visitors: Visitors, path: str) -> None:
    AlertStore(visitors.desk.engine, lambda: 1).take([birth_arrival()])
    assert '<select name="site" required><option value="">choose</option>' in visitors.get(path).text
