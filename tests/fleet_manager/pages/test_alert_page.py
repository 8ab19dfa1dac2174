from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fleet_manager.desk.handling import HistoryEntry
from fleet_manager.desk.life_cycle import TRANSITIONS, AlertState
from fleet_manager.pages.alert_page import Rights, alert_page
from tests.fleet_manager.pages.lines import HEAT, PICTURE, file

ALL = Rights(acknowledge=True, judge=True, comment=True)
NONE = Rights(acknowledge=False, judge=False, comment=False)


@pytest.mark.parametrize("state", AlertState)
def test_exactly_the_steps_that_may_follow_are_offered(state: AlertState) -> None:
    page = alert_page(file(state=state), set(), ALL, None)
    assert {step.key for step in page.steps} == {after.value for after in TRANSITIONS[state]}


@pytest.mark.parametrize("state", AlertState)
def test_who_may_do_nothing_is_told_whom_to_ask(state: AlertState) -> None:
    page = alert_page(file(state=state), set(), NONE, None)
    assert page.steps == ()
    assert "ask an admin" in page.denied


def test_keys_of_the_steps_differ() -> None:
    for state in AlertState:
        keys = [step.shortcut for step in alert_page(file(state=state), set(), ALL, None).steps]
        assert len(keys) == len(set(keys))


def test_evidence_is_here_or_on_its_way() -> None:
    page = alert_page(file(), {PICTURE.sha256}, ALL, None)
    assert [(piece.name, "on its way" in piece.missing) for piece in page.pieces] == [
        ("picture", False),
        ("heat map", True),
    ]
    assert page.pieces[1].href == f"/v1/evidence/{HEAT.sha256}?site=plant%2Fhall"


def test_evidence_of_a_station_that_sends_none_is_not_said_to_be_on_its_way() -> None:
    page = alert_page(file(), {PICTURE.sha256}, ALL, None, uploads=False)
    assert [piece.missing for piece in page.pieces] == [
        "",
        "The heat map is on the board alone, which sends none: [upload] in its station.toml names where to.",
    ]


def test_evidence_that_nobody_can_reach_is_neither_here_nor_on_its_way() -> None:
    page = alert_page(file(), None, ALL, None)
    assert all("cannot be reached" in piece.missing for piece in page.pieces)


def test_history_begins_with_the_station_and_tells_changes_and_comments_apart() -> None:
    said = HistoryEntry("anna", 1, None, None, "worn gripper")
    moved = HistoryEntry("otto", 2, AlertState.NEW, AlertState.FALSE_ALARM, "")
    page = alert_page(file(said, moved), set(), ALL, None)
    assert [(one.who, one.did) for one in page.history] == [
        ("press-1", "told"),
        ("anna", "commented"),
        ("otto", "set it to false alarm"),
    ]


@pytest.mark.parametrize(
    ("clk", "stored_ms", "told"),
    [
        ("ntp", 1_700_000_000_120, "120 ms after the verdict"),
        ("ntp", 1_700_000_341_000, "341 s after the verdict"),
        ("none", 1_700_000_000_120, "the station's clock was not set"),
    ],
)
def test_a_delay_is_told_as_far_as_the_clock_is_believed(clk: str, stored_ms: int, told: str) -> None:
    facts = alert_page(file(clk=clk, stored_ms=stored_ms), set(), ALL, None).facts
    assert told in {fact.text for fact in facts if fact.name == "stored"}


def test_an_alert_of_a_taught_board_says_what_the_part_looks_like() -> None:
    event = json.loads(file().body)
    event["data"] |= {"lessons": 7, "alike": [{"kind": "defective", "part": "4690", "distance": 0.4}]}
    facts = alert_page(replace(file(), body=json.dumps(event)), set(), ALL, None).facts
    told = {fact.name: fact.text for fact in facts}
    assert (told["most alike, defective"], told["lessons of the board"]) == ("4690, distance 0.4", "revision 7")
    assert "lessons of the board" not in {fact.name for fact in alert_page(file(), set(), ALL, None).facts}
