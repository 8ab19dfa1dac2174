from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause, Outcome
from fleet_manager.desk.inbox import Page
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.pages.inbox_page import belongs, inbox_page, wanted
from fleet_manager.store.database import writing
from fleet_manager.store.tables import alerts
from tests.fleet_manager.pages.lines import DEVICE, SITE, line

EVERYWHERE = frozenset({"*"})


def page(query: dict[str, str], *lines: object, older: int | None = None, is_cut: bool = False):
    found = Page(tuple(lines), older, is_cut)
    return inbox_page(query, found, 99, [SITE], lambda _site: True, may_export=True)


def test_without_a_word_new_alerts_of_every_site_are_asked_for() -> None:
    asked = wanted({}, EVERYWHERE)
    assert asked.sites is None
    assert asked.state is AlertState.NEW


def test_a_site_that_is_not_theirs_gives_nothing_not_everything() -> None:
    assert wanted({"site": "plant/other"}, frozenset({SITE})).sites == ()
    assert wanted({}, frozenset({SITE})).sites == (SITE,)
    assert wanted({}, frozenset()).sites == ()


@pytest.mark.parametrize("query", [{"severity": "grave"}, {"state": "old"}, {"cause": "x"}, {"outcome": "good?"}])
def test_a_filter_that_is_none_is_refused_not_passed_over(query: dict[str, str]) -> None:
    with pytest.raises(BadInputError, match="choose again"):
        wanted(query, EVERYWHERE)


@pytest.mark.parametrize(
    ("query", "changed"),
    [
        ({"severity": "critical"}, {"severity": Severity.CRITICAL}),
        ({"outcome": "unknown"}, {"outcome": Outcome.UNKNOWN}),
        ({"cause": "dark"}, {"cause": Cause.DARK}),
        ({"device": "plant/hall/other"}, {"address": "plant/hall/other"}),
        ({"point": "other"}, {"point": "other"}),
        ({"site": "plant/other"}, {"site": "plant/other"}),
        ({"state": "closed"}, {"state": AlertState.CLOSED}),
    ],
)
def test_a_new_alert_belongs_where_every_filter_fits(query: dict[str, str], changed: dict[str, object]) -> None:
    asked = wanted(query, EVERYWHERE)
    assert belongs(line(**changed), asked)
    assert not belongs(line(), asked)


def test_new_rows_come_only_into_a_list_that_lets_new_ones_through() -> None:
    assert page({}).stream == "/live/alerts?after=99"
    assert "device=plant%2Fhall%2Fpress-1" in page({"device": DEVICE}).stream
    assert page({"state": "closed"}).stream == ""
    assert page({"before": "50"}).stream == ""


def test_the_way_to_older_ones_keeps_the_filters() -> None:
    assert page({"severity": "info"}, line(), older=12).older == "/alerts?severity=info&before=12"
    assert page({}, line()).older == ""
    assert page({}, older=5, is_cut=True).older_name == "Look further back"


def test_a_button_stands_only_at_what_is_new() -> None:
    rows = page({}, line(), line(id=11, state=AlertState.CLOSED)).rows
    assert [row.may_acknowledge for row in rows] == [True, False]


def test_the_export_takes_the_state_that_is_shown() -> None:
    assert page({}).export == "/v1/exports/alerts.csv?state=new"
    assert page({"state": "any", "site": SITE}).export == "/v1/exports/alerts.csv?site=plant%2Fhall"


@pytest.mark.parametrize(
    ("time_ms", "time"),
    [(253_402_343_999_000, "9999-12-31T23:59:59-12:00"), (-62_135_640_000_000, "0001-01-01T00:00:00+12:00")],
)
def test_an_alert_that_was_stored_with_a_time_of_no_calendar_takes_no_page_away(visitors, time_ms, time) -> None:
    number = visitors.desk.store()
    with writing(visitors.desk.engine) as con:
        body = json.loads(con.execute(select(alerts.c.body)).scalar_one())
        con.execute(update(alerts).values(time_ms=time_ms, body=json.dumps({**body, "time": time})))
    for path in ("/alerts", f"/alerts/{number}", "/v1/alerts", f"/v1/alerts/{number}", "/v1/exports/alerts.csv"):
        assert visitors.get(path).status_code == 200
