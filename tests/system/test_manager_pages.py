"""The manager's pages in a real browser, chromium, served by a real manager: what people see and do."""

from __future__ import annotations

import csv
import io
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from fleet_manager.people.links import link_address
from fleet_manager.people.roles import Grant, Role
from tests.fakes.desired import TEXT
from tests.fakes.people import PASSWORD
from tests.system.manager_site import NORTH, PAINT, PRESS, SPARE, WELD, ManagerSite, join, manager_site
from tests.system.required import require_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
expect = playwright.expect

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
PAGES = [
    "/", "/?site=acme%2Fnorth", "/alerts", "/alerts?state=any", "/alerts/15", f"/devices/{PRESS}", f"/devices/{SPARE}",
    f"/devices/{PRESS}/configuration",
    "/cases?show=all", "/cases/1", "/quarantine", "/statistics", "/statistics?by=shift&site=acme%2Fnorth&time=7d",
    "/audit", "/people", "/calls", "/account", "/tokens", "/shifts", "/alerts/999999",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    chromium = require_tool("chromium")
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagerSite]:
    with manager_site(tmp_path_factory.mktemp("manager")) as served:
        yield served


@pytest.fixture(scope="module")
def cookies() -> dict[str, object]:
    """Of people who have logged in before."""
    return {}


@pytest.fixture
def enter(browser, site: ManagerSite, cookies) -> Iterator[Callable[..., playwright.Page]]:
    """Somebody who is logged in; whatever their browser complains of fails the test."""
    contexts, troubles = [], []

    def enter(name: str = "anna", **options: object) -> playwright.Page:
        state = cookies.get(name)
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "storage_state": state, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if "Security Policy" in said.text else None)
        page.on("request", lambda asked: None if asked.url.startswith(site.address) else troubles.append(asked.url))
        page.goto(site.address)
        if state is None:
            log_in(page, name)
            cookies[name] = context.storage_state()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert troubles == []


def log_in(page: playwright.Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("name").fill(name)
    page.get_by_label("password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("navigation").wait_for()


def test_the_first_set_up_is_done_by_its_link_once(browser, tmp_path) -> None:
    with manager_site(tmp_path, seeded=False) as fresh:
        context = browser.new_context()
        page = context.new_page()
        page.goto(link_address(fresh.address, fresh.set_up))
        page.get_by_label("your name").fill("Anna")
        page.get_by_label("password", exact=True).fill("short")
        page.get_by_label("the password again").fill("short")
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_role("alert")).to_contain_text("12")
        page.get_by_label("password", exact=True).fill(PASSWORD)
        page.get_by_label("the password again").fill(PASSWORD)
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        expect(page.locator("main")).to_contain_text("No device has announced itself yet")
        page.goto(link_address(fresh.address, fresh.set_up))
        expect(page.get_by_role("heading")).to_contain_text("This link is over")
        context.close()


def test_a_wrong_password_is_refused_and_the_wish_is_kept(browser, site: ManagerSite) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/alerts/15")
    assert page.url.endswith("/login?next=/alerts/15")
    page.get_by_label("name").fill("anna")
    page.get_by_label("password").fill("not this one at all")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Name and password do not fit together.")
    assert page.get_by_label("name").input_value() == "anna"
    page.get_by_label("password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/alerts/15")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login?out")
    page.goto(f"{site.address}/alerts")
    assert "/login" in page.url
    context.close()


def test_the_overview_tells_of_every_site(enter) -> None:
    page = enter()
    south = page.get_by_role("region", name="acme/south")
    expect(south.get_by_role("row", name=re.compile("weld-2"))).to_contain_text("offline")
    expect(south.get_by_role("row", name=re.compile("weld-2"))).to_contain_text("lost: 3 shed 3")
    expect(south.get_by_role("row", name=re.compile("legacy-7"))).to_contain_text("not proven")
    expect(page.get_by_role("region", name="acme/north")).to_contain_text("lost: 0")
    page.get_by_role("link", name="paint-2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("paint-2")
    expect(page.locator("main")).to_contain_text("drift: scores of good parts have moved")
    expect(page.locator("main")).to_contain_text("Raspberry Pi 5")


def test_an_alert_appears_within_a_second_without_a_reload(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/alerts")
    expect(page.locator("#live")).to_have_text("live")
    page.evaluate("window.isStillTheSamePage = true")
    plain = b"\xff\xd8\xff" + bytes(10)
    number = site.stations.alert(PRESS, part="fresh-one", evidence=[site.stations.keep(NORTH, plain, "image")])
    stored_s = time.monotonic()
    page.locator(f"#alert-{number}").wait_for(state="attached", timeout=1000)
    took_s = time.monotonic() - stored_s
    expect(page.locator("#rows > li").first).to_contain_text("fresh-one")
    assert page.evaluate("window.isStillTheSamePage")
    print(f"stored to shown: {took_s * 1000:.0f} ms")  # noqa: T201 - the figure of this test


def test_what_comes_while_nobody_listens_is_shown_on_coming_back(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/alerts")
    expect(page.locator("#live")).to_have_text("live")
    site.feed.let_everybody_go()
    numbers = [site.stations.alert(PRESS, part=f"missed-{at}") for at in range(3)]
    for number in numbers:
        page.locator(f"#alert-{number}").wait_for(state="attached")
    assert page.locator("#rows > li").evaluate_all("rows => new Set(rows.map(row => row.id)).size === rows.length")


def test_filters_let_through_what_is_asked_for_live_too(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/alerts")
    page.get_by_label("severity").select_option("info")
    page.wait_for_url("**severity=info**")
    expect(page.locator("#rows > li .severity")).to_have_text(["info", "info", "info"])
    expect(page.locator("#live")).to_have_text("live")
    site.stations.alert(PRESS, severity="critical", part="not-here")
    site.stations.alert(PRESS, severity="info", part="but-here")
    expect(page.locator("#rows")).to_contain_text("but-here")
    expect(page.locator("#rows")).not_to_contain_text("not-here")


def test_an_operator_acknowledges_judges_and_teaches(enter, site: ManagerSite) -> None:
    number = site.stations.alert(PRESS, part="to-judge")
    page = enter("otto")
    page.goto(f"{site.address}/alerts")
    row = page.locator(f"#alert-{number}")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row.locator(".chip")).to_have_text("acknowledged")
    row.get_by_role("link").click()
    page.wait_for_url(f"**/alerts/{number}")
    page.get_by_label("label for training").fill("deep scratch")
    page.get_by_label("a word to it").fill("seen by hand, too")
    page.get_by_role("button", name="Confirm defect").click()
    expect(page.locator("#state")).to_have_text("confirmed defect")
    expect(page.locator(".kept")).to_have_text("Kept for training: deep scratch.")
    expect(page.locator(".history")).to_contain_text("seen by hand, too")
    page.locator("textarea").fill("the gripper\nis worn")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".history li").last).to_contain_text("is worn")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#state")).to_have_text("closed")


def test_of_two_people_the_second_is_told_that_the_first_was_faster(enter, site: ManagerSite) -> None:
    number = site.stations.alert(PRESS)
    anna, otto = enter(), enter("otto")
    for page in (anna, otto):
        page.goto(f"{site.address}/alerts/{number}")
    otto.get_by_role("button", name="False alarm").click()
    expect(otto.locator("#state")).to_have_text("false alarm")
    anna.get_by_role("button", name="Acknowledge").click()
    expect(anna.get_by_role("alert")).to_contain_text("false-alarm by otto meanwhile")


def test_evidence_shows_the_heat_map_without_a_script(enter, site: ManagerSite) -> None:
    page = enter(java_script_enabled=False)
    page.goto(f"{site.address}/alerts/15")
    first, second = page.locator(".picture img").all()
    expect(first).to_be_visible()
    expect(second).to_be_hidden()
    page.get_by_text("heat map", exact=True).click()
    expect(second).to_be_visible()
    expect(first).to_be_hidden()


def test_evidence_that_has_not_come_is_said_to_be_on_its_way(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/alerts?device={quote(PRESS, safe='')}")
    late = {"kind": "image", "sha256": "cd" * 32, "media_type": "image/jpeg", "bytes": 9}
    number = site.stations.alert(PRESS, evidence=[late])
    page.goto(f"{site.address}/alerts/{number}")
    expect(page.locator(".picture")).to_contain_text("on its way")


def test_without_javascript_an_alert_is_acknowledged_all_the_same(enter, site: ManagerSite) -> None:
    number = site.stations.alert(PRESS)
    page = enter("otto", java_script_enabled=False)
    page.goto(f"{site.address}/alerts")
    page.locator(f"#alert-{number}").get_by_role("button", name="Acknowledge").click()
    page.goto(f"{site.address}/alerts/{number}")
    expect(page.locator("#state")).to_have_text("acknowledged")
    page.goto(f"{site.address}/alerts")
    page.get_by_label("severity").select_option("info")
    page.get_by_role("button", name="Apply").click()
    assert "severity=info" in page.url


def test_a_viewer_sees_and_may_not_act(enter, site: ManagerSite) -> None:
    page = enter("vera")
    page.goto(f"{site.address}/alerts/15")
    expect(page.locator("main")).to_contain_text("you need the role operator")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    assert page.get_by_role("link", name=re.compile("Audit|People|Export")).count() == 0
    csrf = page.locator("form[action='/logout'] input[name=csrf]").get_attribute("value")
    sent = {"csrf": csrf, "expected": "new", "after": "acknowledged"}
    refused = page.request.post(f"{site.address}/alerts/15/state", form=sent)
    assert refused.status == 403
    assert "Wanted the right to acknowledge" in refused.text()
    for path in ("/audit", "/people"):
        assert page.request.get(site.address + path).status == 403
    assert site.people.audit.page(["*"], limit=1)[0].result == "refused"


def test_a_site_that_is_not_theirs_is_not_there(enter, site: ManagerSite) -> None:
    page = enter("otto")
    expect(page.locator("main")).not_to_contain_text("acme/south")
    for path in (f"/devices/{WELD}", "/alerts/15", "/?site=acme%2Fsouth"):
        assert page.request.get(site.address + path).status == 404, path
    listed = page.request.get(f"{site.address}/alerts?state=any&site=acme%2Fsouth")
    assert "data-row" not in listed.text()
    site.stations.alert(WELD, part="secret-part")
    page.goto(f"{site.address}/alerts")
    expect(page.locator("#live")).to_have_text("live")
    site.stations.alert(WELD, part="secret-part")
    shown = site.stations.alert(PAINT, part="their-part")
    page.locator(f"#alert-{shown}").wait_for(state="attached")
    expect(page.locator("#rows")).not_to_contain_text("secret-part")


def test_a_form_of_another_page_does_nothing(enter, site: ManagerSite) -> None:
    page = enter()
    number = site.stations.alert(PRESS)
    for csrf in ("", "0" * 64):
        sent = {"csrf": csrf, "expected": "new", "after": "acknowledged"}
        assert page.request.post(f"{site.address}/alerts/{number}/state", form=sent).status == 409
    page.goto(f"{site.address}/alerts/{number}")
    expect(page.locator("#state")).to_have_text("new")


def test_the_export_link_gives_the_alerts(enter, site: ManagerSite) -> None:
    page = enter("otto")
    page.goto(f"{site.address}/alerts?state=any&device={quote(PAINT, safe='')}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    assert len(rows) >= 6
    assert PAINT in str(rows[0])


def test_an_engineer_asks_a_station_and_configures_it(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/devices/{PAINT}")
    page.get_by_role("button", name="ping").click()
    expect(page.locator("#commands tbody tr")).to_contain_text("the broker has not taken it yet")
    page.on("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="restart").click()
    page.get_by_role("link", name="its configuration").click()
    page.get_by_label("as in station.toml").fill("[uplink]\nhost = 'elsewhere'\n")
    page.get_by_role("button", name="Save and send").click()
    expect(page.get_by_role("alert")).to_contain_text("belongs to the board's own station.toml")
    for at, text in enumerate((TEXT, TEXT + "deadline_ms = 300\n")):
        page.get_by_label("as in station.toml").fill(text)
        page.get_by_role("button", name="Save and send").click()
        expect(page.locator(".history li")).to_have_count(at + 1)
    page.get_by_role("button", name="Go back to 1").click()
    expect(page.locator(".history li").first).to_contain_text("back to revision 1")
    expect(page.locator("#standing .chip")).to_have_text("on-its-way")
    page.goto(f"{site.address}/devices/{PAINT}")
    expect(page.locator("#commands tbody tr")).to_have_count(1)


def test_who_is_no_engineer_neither_asks_nor_configures(enter, site: ManagerSite) -> None:
    page = enter("otto")
    page.goto(f"{site.address}/devices/{PRESS}")
    expect(page.locator("#commands")).to_contain_text("you need the role engineer")
    csrf = page.locator("form[action='/logout'] input[name=csrf]").get_attribute("value")
    where = f"{site.address}/devices/{PRESS}"
    assert page.request.post(f"{where}/commands", form={"csrf": csrf, "name": "ping"}).status == 403
    assert page.request.post(f"{where}/configuration", form={"csrf": csrf, "text": TEXT, "after": "0"}).status == 403
    assert page.request.get(f"{where}/configuration").status == 403


def test_an_admin_invites_somebody_who_then_comes_in(enter, browser, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/people")
    page.get_by_label("name", exact=True).fill("greta")
    page.locator("select[name=site]").select_option(NORTH)
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("link", exact=True).input_value()
    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    other.get_by_label("password", exact=True).fill(PASSWORD)
    other.get_by_label("the password again").fill(PASSWORD)
    other.get_by_role("button", name="Keep it and log in").click()
    expect(other.locator(".account")).to_contain_text("greta")
    page.goto(f"{site.address}/people")
    row = page.get_by_role("row", name=re.compile("^greta"))
    row.get_by_text("Change").click()
    row.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("row", name=re.compile("^greta"))).to_contain_text("switched off")
    other.reload()
    assert "/login" in other.url
    context.close()


def test_the_last_admin_cannot_be_taken_away(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/people")
    row = page.get_by_role("row", name=re.compile("^anna"))
    row.get_by_text("Change").click()
    row.get_by_label("role").first.select_option("viewer")
    row.get_by_role("button", name="Save roles").click()
    expect(page.get_by_role("alert")).to_contain_text("make another one first")


def test_somebody_changes_their_password_and_is_out_everywhere_else(enter, browser, site: ManagerSite) -> None:
    join(site.people, "peer", Grant(NORTH, Role.OPERATOR))
    other = browser.new_context().new_page()
    other.goto(site.address)
    log_in(other, "peer")
    page = enter("peer")
    page.locator(".account summary").click()
    page.get_by_role("link", name="Your account").click()
    page.get_by_label("password of now").fill(PASSWORD)
    page.get_by_label("new password", exact=True).fill("seven green bottles")
    page.get_by_label("the new password again").fill("seven green bottles")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="other sessions have ended")).to_be_visible()
    other.reload()
    assert "/login" in other.url
    log_in(other, "peer", "seven green bottles")
    other.context.close()


def test_a_token_is_made_shown_once_and_revoked(enter, site: ManagerSite) -> None:
    page = enter("otto")
    page.goto(f"{site.address}/tokens")
    page.get_by_label("what it is for").fill("MES export")
    page.get_by_role("button", name="Make a token").click()
    secret = page.get_by_label("token", exact=True).input_value()
    asked = {"headers": {"Authorization": f"Bearer {secret}"}}
    assert page.request.get(f"{site.address}/v1/me", **asked).json()["grants"] == [{"site": NORTH, "role": "viewer"}]
    page.goto(f"{site.address}/tokens")
    expect(page.locator("main")).not_to_contain_text(secret)
    page.get_by_role("button", name="Revoke MES export").click()
    expect(page.locator("main")).to_contain_text("No token yet")
    assert page.request.get(f"{site.address}/v1/me", **asked).status == 401


def test_keys_move_open_and_judge_and_can_be_switched_off(enter, site: ManagerSite) -> None:
    site.stations.alert(PRESS)
    page = enter()
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("#rows > li").first
    assert first.get_by_role("link").evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/alerts/\d+$"))
    page.keyboard.press("f")
    expect(page.locator("#state")).to_have_text("false alarm")
    page.keyboard.press("?")
    page.get_by_label("Shortcuts of one key are on").uncheck()
    page.get_by_role("button", name="Close", exact=True).last.click()
    page.keyboard.press("d")
    expect(page.locator("#state")).to_have_text("false alarm")


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=["light", "dark", "phone"])
def test_each_page_is_whole_and_everything_on_it_has_a_name(enter, site: ManagerSite, look) -> None:
    page = enter(**look)
    for path in PAGES:
        page.goto(site.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.locator("h1").count() == 1, path
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, input, select, textarea, summary, a, [role=img]")]
                .filter(one => one.checkVisibility() && one.type !== "hidden")
                .filter(one => !(one.innerText?.trim() || one.ariaLabel || one.labels?.[0]?.innerText))
                .map(one => one.outerHTML)"""
        )
        assert nameless == [], path


def test_the_skip_link_and_every_control_are_reached_by_tab(enter, site: ManagerSite) -> None:
    page = enter()
    page.goto(f"{site.address}/alerts/15")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText?.trim().split('\\n')[0] ?? ''"))
    assert {"Overview", "Alerts", "Acknowledge", "False alarm", "Comment"} <= reached


def test_a_role_for_one_site_shows_in_the_menu_what_it_may(enter, site: ManagerSite) -> None:
    join(site.people, "ada", Grant(NORTH, Role.ADMIN))
    page = enter("ada")
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(
        ["Overview", "Alerts", "Cases", "Statistics", "Audit", "People"]
    )
