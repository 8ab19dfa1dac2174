from __future__ import annotations

import pytest
from sqlalchemy import select

from edge_contracts.errors import BadInputError
from fleet_manager.desk.case_reader import CaseReader
from fleet_manager.desk.cases import MOST_AT_ONCE, case_cursor
from fleet_manager.desk.desk import GAP_MS
from fleet_manager.desk.following import follow
from fleet_manager.desk.tables import alert_states
from fleet_manager.pages.cases_page import acknowledged_notice
from fleet_manager.people.roles import Grant, Role
from tests.fakes.desks import leave_nothing
from tests.fakes.people import NOON_MS

HALL, YARD = "plant/hall", "plant/yard"


@pytest.fixture
def cases(visitors):
    """Three alerts of one kind at one place are one case; another site has one of its own."""
    visitors.desk.now_ms = NOON_MS
    for address in (f"{HALL}/line-1",) * 3 + (f"{YARD}/line-7",):
        visitors.desk.store(address, label="scratch")
    while follow(visitors.desk.engine, CaseReader(GAP_MS), lambda _seconds: None, leave_nothing):
        pass
    visitors.office.join("otto", (Grant(HALL, Role.OPERATOR),))
    visitors.office.join("vera", (Grant("*", Role.VIEWER),))
    return visitors


def seen(visitors) -> int:
    with visitors.desk.engine.connect() as con:
        return len(con.execute(select(alert_states)).all())


def test_alerts_of_one_kind_from_one_place_are_one_row(cases) -> None:
    page = cases.get("/cases").text
    assert page.count("data-row") == 2
    assert "hall/line-1 · line-1 · 3 alerts" in page
    assert page.count("Defect: scratch") == 2


def test_who_sees_one_site_sees_its_cases_alone(cases) -> None:
    page = cases.get("/cases", "otto").text
    assert "hall/line-1" in page
    assert "yard" not in page
    assert cases.get("/cases/2", "otto").status_code == 404
    assert "yard/line-7" not in cases.get("/cases?site=plant%2Fyard", "otto").text


def test_seeing_to_a_case_acknowledges_all_of_its_alerts_once_and_is_written_down(cases) -> None:
    answer = cases.post("/cases/1/acknowledge", "otto")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/1?acknowledged=3")
    assert seen(cases) == 3
    page = cases.get(answer.headers["location"], "otto").text
    assert "3 alerts acknowledged." in page
    assert "Acknowledge all" not in page
    assert "hall/line-1" not in cases.get("/cases", "otto").text
    assert "hall/line-1" in cases.get("/cases?show=all", "otto").text
    assert cases.post("/cases/1/acknowledge", "otto").headers["location"] == "/cases/1?acknowledged=0"
    assert "acknowledge case" in cases.get("/audit").text


def test_who_may_only_look_has_no_button_and_is_refused_without_one(cases) -> None:
    assert "Acknowledge all" not in cases.get("/cases", "vera").text + cases.get("/cases/1", "vera").text
    assert cases.post("/cases/1/acknowledge", "vera").status_code == 403
    assert seen(cases) == 0


def test_a_case_shows_its_alerts(cases) -> None:
    page = cases.get("/cases/1").text
    assert page.count('href="/alerts/') == 3
    assert "Acknowledge all" in page


@pytest.mark.parametrize("path", ["/cases/99", "/cases/0"])
def test_a_case_that_is_not_there_is_told_in_words(cases, path: str) -> None:
    answer = cases.get(path)
    assert answer.status_code == 404
    assert "look in the list of cases" in answer.text


@pytest.mark.parametrize("text", ["x", "1", "1-", "-1-2", "1-2-3", "1-2 "])
def test_a_wrong_place_in_the_list_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="the end of a page"):
        case_cursor(text)


def test_an_acknowledgement_that_could_not_take_all_says_so() -> None:
    assert "press again" not in str(acknowledged_notice(str(MOST_AT_ONCE - 1)))
    assert "press again" in str(acknowledged_notice(str(MOST_AT_ONCE)))
    assert acknowledged_notice("<b>") is None
