"""The page in a real browser, chromium, against a real daemon: what an operator sees and does."""

from __future__ import annotations

import json
import re
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.bundle import read_bundle
from edge_contracts.manifest import NoRule
from edge_contracts.verdict import Cause
from edge_runtime.inspection.decision import Ruling
from edge_runtime.lessons.lesson import Impression
from tests.fakes.models import BundleRecipe, known_rows, write_brightness_bundle
from tests.fakes.parts import inspected, verdict
from tests.fakes.pictures import picture
from tests.fakes.stations import DEFECT_LEVEL, THRESHOLD
from tests.fakes.web import TOKEN, served_page
from tests.system.required import require_tool
from tests.system.web_station import WebStation, web_station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")

pytestmark = [pytest.mark.system, pytest.mark.live, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    chromium = require_tool("chromium")
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebStation]:
    with web_station(tmp_path_factory.mktemp("station")) as served:
        yield served


@pytest.fixture
def page(browser, station: WebStation) -> Iterator[playwright.Page]:
    troubles: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(15_000)
    opened = context.new_page()
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("requestfailed", lambda request: troubles.append(request.url) if "/events" not in request.url else None)
    opened.on(
        "request",
        lambda request: (
            None if station.address in request.url or "blob:" in request.url else troubles.append(request.url)
        ),
    )
    opened.goto(station.address)
    yield opened
    context.close()
    assert troubles == []


def card(page: playwright.Page) -> playwright.Locator:
    return page.get_by_role("region", name="inspection point gate")


def in_force(station: WebStation) -> float:
    with urllib.request.urlopen(f"{station.address}/points/gate/sensitivity", timeout=10) as answer:  # noqa: S310 - our own address
        return float(json.load(answer)["threshold"])


def test_the_live_picture_comes_and_goes_on(page) -> None:
    shown = card(page).locator(".picture")
    shown.wait_for(state="visible")
    assert shown.evaluate("image => image.naturalWidth") == 64
    first = shown.get_attribute("src")
    playwright.expect(shown).not_to_have_attribute("src", first)
    playwright.expect(page.locator("#connection")).to_have_text("live")


def test_verdicts_of_both_kinds_are_shown_and_counted(page) -> None:
    counts = card(page).locator(".counts")
    playwright.expect(counts.locator(".defect dd")).not_to_have_text("0")
    playwright.expect(counts.locator(".good dd")).not_to_have_text("0")
    playwright.expect(card(page).locator(".verdict.defect")).to_be_visible()
    card(page).get_by_text("Last 20 verdicts").click()
    rows = card(page).locator(".last tbody tr")
    playwright.expect(rows).to_have_count(20)
    playwright.expect(card(page).locator(".last tbody")).to_contain_text("01.png")


def test_the_last_part_that_was_not_good_can_be_held(page) -> None:
    card(page).get_by_text("last not good").click()
    playwright.expect(card(page).locator(".picture")).to_have_attribute("src", re.compile("which=rejected"))
    playwright.expect(card(page).locator(".live figcaption")).to_contain_text(
        re.compile(r"01\.png.*: defect \(threshold\)")
    )


def test_a_point_without_a_slider_says_why(browser, tmp_path: Path) -> None:
    with served_page(tmp_path) as served:
        face = served.face._insight.points()[0]
        face.sensitivity._base = Ruling(NoRule(), ())
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{served.port}")
        playwright.expect(opened.locator(".fixed")).to_have_text(
            "No single threshold decides here; change limits in station.toml."
        )
        playwright.expect(opened.locator("details.sensitivity")).to_be_hidden()
        context.close()


def test_a_part_is_taught_by_keyboard_shown_beside_its_like_and_taken_back(browser, tmp_path: Path) -> None:
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(threshold=THRESHOLD, teachable=True))
    digest = read_bundle(tmp_path / "part.bundle").digest
    seen = Impression(known_rows()[3] + np.float32(0.1), np.zeros((4, 4), np.float32), 0.4, THRESHOLD, digest)
    part = replace(inspected(verdict(Cause.CLEAN, part="42", score=0.4, threshold=THRESHOLD)), impression=seen)
    with served_page(tmp_path) as served:
        for sink in served.face.sinks:
            sink.take(part)
        context = browser.new_context(viewport={"width": 390, "height": 844})
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{served.port}")
        card(opened).locator(".teach summary").press("Enter")
        card(opened).get_by_label("who says so").fill("Anna")
        defective = card(opened).get_by_role("button", name="Defective", exact=True)
        playwright.expect(defective).to_be_enabled()  # a key on a button that still waits for the lessons does nothing
        defective.press("Enter")
        playwright.expect(card(opened).locator(".teach .answer")).to_contain_text("Part 42 is defective: learned in")
        playwright.expect(card(opened).locator(".lessons li")).to_contain_text("42: defective, score 0.4; Anna")
        card(opened).locator(".alike summary").press("Enter")
        playwright.expect(card(opened).locator(".alikes figcaption")).to_have_text("taught: part 42, distance 0")
        card(opened).get_by_role("button", name="Take back: part 42 is defective").press("Enter")
        playwright.expect(card(opened).locator(".lessons li")).to_have_count(0)
        assert opened.evaluate("document.documentElement.scrollWidth") == 390
        context.close()


@pytest.mark.parametrize("missing", ["the lessons", "a picture"])
def test_nothing_can_be_taught_before_a_picture_and_the_lessons_have_come(
    browser, tmp_path: Path, missing: str
) -> None:
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(threshold=THRESHOLD, teachable=True))
    with served_page(tmp_path) as served:
        context = browser.new_context()
        opened = context.new_page()
        if missing == "the lessons":
            opened.route("**/gate/lessons", lambda _route: None)
            for sink in served.face.sinks:
                sink.take(inspected(verdict(Cause.CLEAN, part="42", score=0.4, threshold=THRESHOLD)))
        opened.goto(f"http://127.0.0.1:{served.port}")
        card(opened).locator(".teach summary").press("Enter")
        said = "Part 42 is held" if missing == "the lessons" else "No part to teach yet."
        playwright.expect(card(opened).locator(".teach .held")).to_contain_text(said)
        for name in ("Good", "Defective"):
            playwright.expect(card(opened).get_by_role("button", name=name, exact=True)).to_be_disabled()
        opened.unroute_all(behavior="ignoreErrors")
        context.close()


def test_the_verdict_beside_a_held_part_is_its_own_while_the_line_goes_on(browser, tmp_path: Path) -> None:
    write_brightness_bundle(tmp_path / "part.bundle", BundleRecipe(threshold=THRESHOLD, teachable=True))
    with served_page(tmp_path) as served:

        def judge(cause: Cause, part: str, score: float) -> None:
            for sink in served.face.sinks:
                sink.take(inspected(verdict(cause, part=part, score=score, threshold=THRESHOLD)))

        judge(Cause.THRESHOLD, "42", 0.9)
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{served.port}")
        gate = card(opened)
        playwright.expect(gate.locator(".live figcaption")).to_contain_text("part 42")
        gate.locator(".teach summary").press("Enter")
        judge(Cause.CLEAN, "43", 0.1)
        playwright.expect(gate.locator(".counts .good dd")).to_have_text("1")  # the newer part has come to the page
        playwright.expect(gate.locator(".facts .part")).to_have_text("42")
        playwright.expect(gate.locator(".verdict.defect")).to_be_visible()
        playwright.expect(gate.locator(".going-on")).to_be_visible()
        gate.get_by_role("button", name="Newest part").press("Enter")
        playwright.expect(gate.locator(".live figcaption")).to_contain_text("part 43")
        playwright.expect(gate.locator(".facts .part")).to_have_text("43")
        playwright.expect(gate.locator(".verdict.good")).to_be_visible()
        gate.locator(".teach summary").press("Enter")
        playwright.expect(gate.locator(".going-on")).to_be_hidden()
        context.close()


def test_a_threshold_far_outside_is_asked_about_first(page, station: WebStation) -> None:
    before, asked = in_force(station), []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    card(page).get_by_text("Sensitivity").click()
    playwright.expect(card(page).locator(".histogram rect").first).to_be_visible()
    card(page).locator(".exact").fill("1000000")
    card(page).get_by_role("button", name="Apply").click()
    playwright.expect(card(page).locator(".sensitivity .answer")).to_contain_text("found 1e+06")
    assert "Put it in force?" in asked[0]
    assert in_force(station) == before


@pytest.mark.parametrize(("width_px", "height_px"), [(576, 768), (768, 576), (1600, 400)])
def test_the_whole_picture_is_seen_whatever_its_shape(browser, tmp_path: Path, width_px: int, height_px: int) -> None:
    pixels = np.full((height_px, width_px, 3), 90, np.uint8)
    with served_page(tmp_path) as served:
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{served.port}")
        part = inspected(verdict(Cause.CLEAN, part="tall"))
        for sink in served.face.sinks:
            sink.take(replace(part, frame=replace(part.frame, pixels=pixels)))
        image = opened.locator(".picture")
        image.wait_for(state="visible")
        shown, screen = image.bounding_box(), opened.locator(".screen").bounding_box()
        assert image.evaluate("image => image.naturalHeight > image.naturalWidth") == (height_px > width_px)
        assert shown["y"] + shown["height"] <= screen["y"] + screen["height"] + 0.5
        assert shown["x"] + shown["width"] <= screen["x"] + screen["width"] + 0.5
        assert screen["width"] / screen["height"] == pytest.approx(4 / 3, rel=0.01)
        context.close()


def test_a_picture_of_before_is_not_shown_as_the_present_one(browser, tmp_path: Path) -> None:
    with served_page(tmp_path) as served:
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(f"http://127.0.0.1:{served.port}")
        for sink in served.face.sinks:
            sink.take(inspected(verdict(Cause.CLEAN, part="seen")))
        opened.locator(".picture").wait_for(state="visible")
        playwright.expect(opened.locator(".screen.old")).to_have_count(0)
        for sink in served.face.sinks:
            sink.take(inspected(verdict(Cause.SOURCE_LOST, part="unseen"), with_frame=False))
        playwright.expect(opened.locator(".verdict.unknown")).to_be_visible()
        playwright.expect(opened.locator(".screen.old")).to_have_count(1)
        playwright.expect(opened.locator(".live figcaption")).to_contain_text("before it: part seen")
        context.close()


def test_the_slider_may_be_moved_before_the_scores_have_come(page) -> None:
    page.route("**/sensitivity", lambda _route: None)
    card(page).get_by_text("Sensitivity").click()
    card(page).get_by_role("slider").focus()
    page.keyboard.press("PageDown")
    page.unroute_all(behavior="ignoreErrors")


def test_an_upload_gets_its_verdict_with_a_heat_map(page, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "mine.png"), picture(DEFECT_LEVEL))
    card(page).get_by_text("Judge a picture of yours").click()
    card(page).locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    result = card(page).locator(".result")
    playwright.expect(result).to_contain_text("mine.png: defect (threshold)")
    hot = result.locator("img").get_attribute("src")
    result.get_by_text("heat map").click()
    playwright.expect(result.locator("img")).not_to_have_attribute("src", hot)
    assert result.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 64


def test_a_file_that_is_no_picture_is_refused_in_words(page, tmp_path: Path) -> None:
    (tmp_path / "none.png").write_text("no picture")
    card(page).get_by_text("Judge a picture of yours").click()
    card(page).locator("input[type=file]").set_input_files(tmp_path / "none.png")
    playwright.expect(card(page).locator(".upload .answer")).to_contain_text("wanted a PNG")


def test_the_slider_counts_by_keyboard_and_applying_is_in_force_and_noted(page, station: WebStation) -> None:
    card(page).get_by_text("Sensitivity").click()
    then = card(page).locator(".compare .then td")
    playwright.expect(card(page).locator(".histogram rect").first).to_be_visible()
    slider = card(page).get_by_role("slider", name="threshold of gate")
    slider.focus()
    page.keyboard.press("Home")
    playwright.expect(then.nth(1)).to_have_text("0")
    playwright.expect(then.nth(2)).not_to_have_text("0")
    page.keyboard.press("End")
    playwright.expect(then.nth(2)).to_have_text("0")
    card(page).locator(".exact").fill("0.95")
    card(page).get_by_label("your name").fill("Anna")
    card(page).get_by_role("button", name="Apply").click()
    playwright.expect(card(page).locator(".sensitivity .answer")).to_contain_text("0.95 is in force")
    assert in_force(station) == 0.95
    playwright.expect(card(page).locator(".facts .limit")).to_have_text("0.95")
    playwright.expect(card(page).locator(".last .strip .defect")).to_have_count(0)
    card(page).get_by_role("button", name=f"Back to {THRESHOLD}").click()
    playwright.expect(card(page).locator(".sensitivity .answer")).to_contain_text(f"{THRESHOLD} is in force")
    assert [(entry["name"], entry["old"], entry["new"]) for entry in station.audit] == [
        ("Anna", THRESHOLD, 0.95),
        ("Anna", 0.95, THRESHOLD),
    ]


def test_training_pictures_are_recorded_through_the_points_own_camera(page, station: WebStation) -> None:
    card(page).get_by_text("Record training pictures").click()
    card(page).get_by_label("pictures").fill("3")
    card(page).get_by_role("button", name="Record").click()
    answer = card(page).locator(".recording .answer")
    playwright.expect(answer).to_contain_text("3 of 3 pictures")
    kept = sorted((station.folder / "state" / "recorded" / "gate").iterdir())
    assert [path.name for path in kept] == ["gate-0001.png", "gate-0002.png", "gate-0003.png"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(browser, station: WebStation, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    opened = context.new_page()
    opened.goto(station.address)
    opened.locator(".picture").wait_for(state="visible")
    for summary in opened.locator("summary:visible").all():
        summary.click()
    playwright.expect(opened.locator(".histogram rect").first).to_be_visible()
    playwright.expect(opened.locator(".teach .refusal")).to_be_visible()
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_everything_that_can_be_used_has_a_name_and_is_reached_by_keyboard(page) -> None:
    card(page).locator(".picture").wait_for(state="visible")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, summary, a, [role=img]")]
            .filter(one => one.checkVisibility())
            .filter(one => !(one.innerText || one.ariaLabel || one.title || one.labels?.[0]?.innerText))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('summary')?.innerText.trim() ?? ''"))
    assert {"Sensitivity", "Judge a picture of yours"} <= reached


def test_the_token_lets_people_in(browser, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    with web_station(tmp_path, 'token_file = "token"\n') as served:
        context = browser.new_context()
        opened = context.new_page()
        opened.goto(served.address)
        assert opened.url.endswith("/login")
        opened.get_by_label("token").fill("wrong")
        opened.get_by_role("button", name="Log in").click()
        playwright.expect(opened.get_by_role("alert")).to_contain_text("not the right one")
        opened.get_by_label("token").fill(TOKEN)
        opened.get_by_role("button", name="Log in").click()
        opened.locator(".picture").wait_for(state="visible")
        opened.get_by_role("button", name="Log out").click()
        assert opened.url.endswith("/login")
        context.close()
