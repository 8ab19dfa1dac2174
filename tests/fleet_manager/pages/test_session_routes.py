"""Log-ins and links, as a browser and as a stranger's page send them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_manager import pages
from fleet_manager.people.cookie_names import SESSION
from fleet_manager.people.links import LINK_PATH
from fleet_manager.people.principal import SYSTEM
from tests.fakes.people import PASSWORD
from tests.fleet_manager.pages.conftest import visited

if TYPE_CHECKING:
    from tests.fleet_manager.pages.conftest import Visitors

NEW = "another horse battery"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_no_page_of_another_site_logs_a_browser_in(visitors: Visitors, origin: str) -> None:
    link = visitors.office.people.links.invite(SYSTEM, "anna")
    for path, form in (
        ("/login", {"name": "anna", "password": PASSWORD}),
        ("/link", {"secret": link, "password": NEW, "again": NEW}),
    ):
        answer = visitors.client.post(path, data=form, headers={"Origin": origin}, follow_redirects=False)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
    assert visitors.office.people.links.look(link).name == "anna"


def test_our_own_page_logs_a_browser_in(visitors: Visitors) -> None:
    form, headers = {"name": "anna", "password": PASSWORD}, {"Origin": "http://testserver"}
    answer = visitors.client.post("/login", data=form, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_after_wrong_passwords_a_link_still_lets_its_person_in(visitors: Visitors) -> None:
    for _ in range(4):
        visitors.client.post("/login", data={"name": "anna", "password": "a guess of mine"})
    link = visitors.office.people.links.invite(SYSTEM, "anna")
    form = {"secret": link, "password": NEW, "again": NEW}
    answer = visitors.client.post("/link", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert visitors.client.get("/account").status_code == 200


def test_a_link_begins_where_the_site_says_that_it_is_not_where_a_request_says(tmp_path: Path) -> None:
    with visited(tmp_path, address="https://fleet.plant.example") as visitors:
        visitors.office.join("bert")
        page = visitors.post("/people/bert/link").text
    assert f"https://fleet.plant.example{LINK_PATH}#" in page
    assert "testserver" not in page


@pytest.mark.parametrize("target", ["//[", "//evil.example", "https://evil.example"])
def test_whatever_target_a_stranger_names_the_log_in_is_shown(visitors: Visitors, target: str) -> None:
    answer = visitors.client.get("/login", params={"next": target})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


def test_a_page_that_is_open_keeps_nobody_in(visitors: Visitors) -> None:
    hour_s = 3600
    secret = visitors.come_in()
    visitors.office.clock.turn(hour_s - 60)
    headers = {"Cookie": f"{SESSION}={secret}", "HX-Request": "true", "Lepton-Refresh": "true"}
    assert visitors.client.get("/", headers=headers).status_code == 200
    visitors.office.clock.turn(60)
    over = visitors.client.get("/", headers={**headers, "HX-Current-URL": "http://testserver/?site=plant/hall"})
    assert (over.status_code, over.headers["hx-redirect"]) == (401, "/login?next=/%3Fsite%3Dplant/hall")


def test_a_page_that_somebody_asks_for_keeps_them_in(visitors: Visitors) -> None:
    visitors.come_in()
    for _ in range(3):
        visitors.office.clock.turn(3000)
        assert visitors.get("/").status_code == 200


def test_every_piece_that_asks_for_itself_says_so() -> None:
    folder = Path(pages.__file__).parent / "templates"
    pieces = [
        tag for path in folder.glob("*.html") for tag in re.findall(r"<[^>]*\bevery \d+s[^>]*>", path.read_text())
    ]
    assert len(pieces) == 5
    for tag in pieces:
        assert """hx-headers='{"Lepton-Refresh": "true"}'""" in tag
