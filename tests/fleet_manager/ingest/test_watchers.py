from __future__ import annotations

import json

from edge_contracts.errors import LeptonError
from fleet_manager.arrival import Arrival, judge
from fleet_manager.ingest.watchers import JsonWatcher, QuietWatcher, TableWatcher
from fleet_manager.store.alert_store import Taken
from tests.fakes.arrivals import alert_arrival
from tests.fakes.letters import ADDRESS


def taken(*alerts: Arrival, refused: tuple[Arrival, ...] = ()) -> Taken:
    return Taken(alerts, refused, 0, ())


def nothing() -> None:
    return None


def test_each_stored_alert_is_one_line_of_json() -> None:
    lines: list[str] = []
    watcher = JsonWatcher(lines.append, nothing, None, lines.append)
    watcher.stored(taken(alert_arrival(1), alert_arrival(2)))
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]
    assert not any("\n" in line for line in lines)


def test_it_is_enough_once() -> None:
    ends: list[int] = []
    watcher = QuietWatcher(nothing_to_say, lambda: ends.append(1), 2)
    watcher.stored(taken(alert_arrival(1)))
    assert ends == []
    watcher.stored(taken(alert_arrival(2), alert_arrival(3)))
    watcher.stored(taken(alert_arrival(4)))
    assert ends == [1]


def nothing_to_say(line: str) -> None:
    del line


def test_an_outage_is_said_once() -> None:
    said: list[str] = []
    watcher = QuietWatcher(said.append, nothing)
    for _ in range(3):
        watcher.disconnected(LeptonError("no broker at a:1"))
    watcher.connected("a:1")
    watcher.disconnected(LeptonError("gone"))
    assert said == ["no broker at a:1; trying again", "listening at a:1", "gone; trying again"]


def test_a_refused_message_is_said_and_its_topic_cannot_write_on_the_terminal() -> None:
    said: list[str] = []
    watcher = QuietWatcher(said.append, nothing)
    watcher.stored(taken(refused=(judge("lepton/1/\x1b[2J/alert", b"x"),)))
    assert watcher.refused == 1
    assert "\x1b" not in said[0]


def test_a_full_disk_is_said_once() -> None:
    said: list[str] = []
    watcher = QuietWatcher(said.append, nothing)
    watcher.store_failed(OSError("full"))
    watcher.store_failed(OSError("full"))
    watcher.stored(taken())
    watcher.store_failed(OSError("full"))
    assert len(said) == 2


def test_the_table_shows_the_latest_alert_on_top() -> None:
    watcher = TableWatcher(nothing_to_say, nothing)
    try:
        watcher.stored(taken(alert_arrival(1), alert_arrival(2)))
        (parts,) = [column for column in watcher._table().columns if column.header == "part"]
        assert [str(cell) for cell in parts.cells] == ["part-2", "part-1"]
    finally:
        watcher.close()


def test_markup_in_an_alert_is_shown_as_text() -> None:
    body = alert_arrival(1).body.replace(b"scratch", b"[red]x[/]")
    watcher = TableWatcher(nothing_to_say, nothing)
    try:
        watcher.stored(taken(judge(ADDRESS.topic("alert"), body)))
        reasons = [column for column in watcher._table().columns if column.header == "reason"]
        assert [str(cell) for cell in reasons[0].cells] == ["[red]x[/]"]
    finally:
        watcher.close()
