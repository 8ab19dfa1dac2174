"""A device's page offers what its station allows, to those who may, and says what became of each command."""

from __future__ import annotations

from fleet_manager.commands.command import GivenCommand
from fleet_manager.pages.command_panel import command_panel
from fleet_manager.pages.device_reading import DeviceFile
from tests.fleet_manager.pages.test_device_page import NOW_MS, WHERE, born

FILE = DeviceFile(
    WHERE, "plant/hall", "online", born(capabilities=["cmd/ping", "cmd/restart", "heat-map", "cmd/dance"])
)


def given(**changed: object) -> GivenCommand:
    whole = {
        "id": 1, "command_id": "c", "address": WHERE, "site": "plant/hall", "name": "ping", "who": "anna",
        "made_ms": NOW_MS - 5000, "expires_ms": NOW_MS + 25_000, "sent_ms": None, "ended_ms": None, "outcome": None,
        "answer": "", **changed,
    }  # fmt: skip
    return GivenCommand(**whole)  # type: ignore[arg-type]


def test_there_is_a_button_for_each_command_that_station_and_manager_know() -> None:
    panel = command_panel(FILE, [], NOW_MS, may_send=True)
    assert [one.name for one in panel.buttons] == ["ping", "restart"]
    assert [bool(one.asks) for one in panel.buttons] == [False, True]
    assert panel.href == f"/devices/{WHERE}/commands"


def test_who_may_not_sees_the_history_and_no_button() -> None:
    panel = command_panel(FILE, [given()], NOW_MS, may_send=False)
    assert panel.buttons == ()
    assert "engineer" in panel.denied
    assert panel.lines[0].who == "anna"


def test_a_station_that_allows_nothing_says_where_that_is_changed() -> None:
    for file in (DeviceFile(WHERE, "plant/hall", "online", born()), DeviceFile(WHERE, "plant/hall", "offline")):
        assert "[commands]" in command_panel(file, [], NOW_MS, may_send=True).denied


def test_the_page_looks_again_while_an_answer_may_come() -> None:
    assert command_panel(FILE, [given()], NOW_MS, may_send=True).is_pending
    over = command_panel(FILE, [given(expires_ms=NOW_MS - 1)], NOW_MS, may_send=True)
    assert not over.is_pending
    assert over.lines[0].state == "timed-out"
