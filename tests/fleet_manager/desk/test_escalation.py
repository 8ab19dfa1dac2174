from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge_contracts.alert import Severity
from edge_contracts.errors import BadInputError
from fleet_manager.desk import escalation
from fleet_manager.desk.deliveries import list_deliveries
from fleet_manager.desk.escalation import escalate
from fleet_manager.desk.escalation_rule import EscalationRule, Mail, Webhook, new_secret
from fleet_manager.desk.escalation_rules import kept_rules, remove_rule, save_rule, target_of
from fleet_manager.desk.handling import change_state
from fleet_manager.desk.life_cycle import AlertState
from fleet_manager.store.database import writing
from tests.fakes.desks import NOON_MS

if TYPE_CHECKING:
    from tests.fakes.desks import FakeDesk

HOOK = Webhook("https://example.com/hook", new_secret(bytes(32)))
RULE = EscalationRule("night", HOOK, Severity.CRITICAL, after_s=300, every_s=900)


def keep(desk: FakeDesk, rule: EscalationRule = RULE) -> None:
    with writing(desk.engine) as con:
        save_rule(con, rule)


def look(desk: FakeDesk, after_s: float, url_of: Any = None) -> int:
    desk.now_ms = NOON_MS + int(after_s * 1000)
    return escalate(desk.engine, desk.now_ms, lambda _: None, url_of)


def calls(desk: FakeDesk) -> list[dict[str, Any]]:
    with desk.engine.connect() as con:
        return [json.loads(one.body) for one in reversed(list_deliveries(con))]


def test_somebody_is_called_when_an_alert_stays_new_too_long(desk: FakeDesk) -> None:
    keep(desk)
    grave = desk.store(severity="critical", cause="frozen", outcome="unknown", part="part-7")
    desk.store(severity="warning")
    assert look(desk, 299) == 0
    assert look(desk, 300, lambda number: f"https://fleet/alerts/{number}") == 1
    (call,) = calls(desk)
    assert (call["type"], call["timestamp"]) == ("lepton.escalation.v1", "2023-11-14T22:18:20.000+00:00")
    first = call["data"].pop("first")
    assert call["data"] == {"rule": "night", "alerts": 1, "severity": "critical", "waited_s": 300}
    assert [(one["id"], one["cause"], one["part"], one["url"]) for one in first] == [
        (grave, "frozen", "part-7", f"https://fleet/alerts/{grave}")
    ]
    assert look(desk, 10_000) == 0, "one alert is one call"


def test_no_alert_is_passed_that_is_not_ripe_while_a_later_one_is(desk: FakeDesk) -> None:
    keep(desk)
    desk.now_ms = NOON_MS + 100_000
    desk.store(severity="critical")
    desk.now_ms = NOON_MS
    desk.store(severity="critical")
    assert look(desk, 300) == 0
    assert look(desk, 401) == 1
    assert calls(desk)[0]["data"]["alerts"] == 2


def test_nobody_is_called_about_what_somebody_has_seen(desk: FakeDesk) -> None:
    keep(desk)
    seen = desk.store(severity="critical")
    with writing(desk.engine) as con:
        change_state(con, seen, AlertState.NEW, AlertState.ACKNOWLEDGED, "ann", NOON_MS)
    assert look(desk, 1_000) == 0


def test_a_flood_is_one_call_and_the_next_tells_what_came_meanwhile(desk: FakeDesk) -> None:
    keep(desk)
    for _ in range(12):
        desk.store(severity="critical")
    assert look(desk, 300) == 1
    for _ in range(3):
        desk.store(severity="critical")
    assert look(desk, 700) == 0, "the last call is not long enough ago"
    assert look(desk, 1_200) == 1
    told = [(call["data"]["alerts"], len(call["data"]["first"])) for call in calls(desk)]
    assert told == [(12, 10), (3, 3)]


def test_a_rule_is_about_what_comes_after_it_was_made_and_keeps_its_place_when_changed(desk: FakeDesk) -> None:
    desk.store(severity="critical")
    keep(desk)
    desk.store(severity="critical")
    keep(desk, EscalationRule("night", Mail(("a@example.com",)), Severity.CRITICAL, after_s=60))
    assert look(desk, 60) == 1
    assert calls(desk)[0]["data"]["alerts"] == 1
    with desk.engine.connect() as con:
        (one,) = list_deliveries(con)
        assert target_of(one.target) == Mail(("a@example.com",))
        (kept,) = kept_rules(con)
    assert (kept.rule.target, kept.called_ms) == (Mail(("a@example.com",)), desk.now_ms)


def test_a_rule_reads_in_steps_and_loses_nothing_between_them(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "_STEP", 2)
    monkeypatch.setattr(escalation, "_MOST_STEPS", 2)
    keep(desk)
    for _ in range(7):
        desk.store(severity="critical")
    assert (look(desk, 300), look(desk, 1_300)) == (1, 1)
    assert [call["data"]["alerts"] for call in calls(desk)] == [4, 3]


def test_what_calls_nobody_is_written_down_now_and_then_only(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "_KEPT_EVERY", 3)
    keep(desk)
    came_to = []
    for turn in range(4):
        desk.store(severity="info")
        look(desk, 300 * (turn + 1))
        with desk.engine.connect() as con:
            came_to.append(kept_rules(con)[0].alert_id)
    assert came_to == [0, 0, 3, 3]


def test_of_managers_that_look_at_once_one_calls(desk: FakeDesk) -> None:
    keep(desk)
    desk.store(severity="critical")
    desk.now_ms += 300_000
    start, made = threading.Barrier(4), []

    def work() -> None:
        start.wait(10)
        made.append(escalate(desk.engine, desk.now_ms, lambda _: None))

    threads = [threading.Thread(target=work, name=f"manager-{turn}") for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 0, 0, 1]
    assert len(calls(desk)) == 1


def test_a_rule_that_is_removed_calls_nobody(desk: FakeDesk) -> None:
    keep(desk)
    desk.store(severity="critical")
    with writing(desk.engine) as con:
        remove_rule(con, "night")
    assert look(desk, 1_000) == 0
    with pytest.raises(BadInputError, match="'night'"), writing(desk.engine) as con:
        remove_rule(con, "night")
