from __future__ import annotations

import pytest

from fleet_manager.arrival import judge
from fleet_manager.people.roles import Grant, Role
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.quarantine import PAGE
from tests.fakes.people import NOON_MS

HALL = "plant/hall"


@pytest.fixture
def refusing(visitors):
    """A message that is no alert, twice; one with a script in it from another site; one that names no device."""
    store = AlertStore(visitors.desk.engine, lambda: NOON_MS)
    bad = judge(f"lepton/1/{HALL}/line-1/alert", b"not json")
    script = judge("lepton/1/plant/yard/line-7/alert", b"<script>alert(1)</script>")
    store.take([bad, script, judge("lepton/1/A B/c/d/alert", b"?")])
    store.take([bad])
    visitors.office.join("otto", (Grant(HALL, Role.OPERATOR),))
    return visitors


def test_it_says_who_why_when_and_how_often(refusing) -> None:
    page = refusing.get("/quarantine").text
    assert '<a href="/devices/plant/hall/line-1">hall/line-1</a>' in page
    assert "Invalid JSON" in page
    assert '<td class="right" data-name="times">2</td>' in page
    assert "no device" in page
    assert "14 Nov 2023, 22:13:20 UTC" in page


def test_what_came_is_shown_as_text(refusing) -> None:
    page = refusing.get("/quarantine").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_who_sees_one_site_sees_what_came_from_there_alone(refusing) -> None:
    page = refusing.get("/quarantine", "otto").text
    assert "hall/line-1" in page
    assert "yard" not in page
    assert "no device" not in page


def test_the_overview_counts_what_is_kept_and_leads_there(refusing) -> None:
    page = refusing.get("/").text
    assert '<a href="/quarantine">refused and kept</a></dt><dd class="unknown">3</dd>' in page
    assert '<dd class="unknown">1</dd>' in refusing.get("/", "otto").text


def test_a_long_list_goes_on_where_the_page_ended(visitors) -> None:
    store = AlertStore(visitors.desk.engine, lambda: NOON_MS)
    store.take([judge(f"lepton/1/{HALL}/line-1/alert", b"no %d" % number) for number in range(PAGE + 1)])
    first = visitors.get("/quarantine").text
    assert first.count("data-row") == PAGE
    href = first.partition('<div class="more" id="more"><a class="button quiet" href="')[2].partition('"')[0]
    assert visitors.get(href.replace("&amp;", "&")).text.count("data-row") == 1
    assert visitors.get("/quarantine?before=nonsense").status_code == 422
