"""Log-ins and links, as a browser and as a stranger's page send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_manager.people.principal import SYSTEM
from tests.fakes.people import PASSWORD

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


@pytest.mark.parametrize("target", ["//[", "//evil.example", "https://evil.example"])
def test_whatever_target_a_stranger_names_the_log_in_is_shown(visitors: Visitors, target: str) -> None:
    answer = visitors.client.get("/login", params={"next": target})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
