from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from edge_contracts.device import Birth, State
from edge_contracts.gap import GapReason
from fleet_manager.pages.device_page import device_page
from fleet_manager.pages.device_reading import DeviceFile
from fleet_manager.store.ledger import DeviceLedger

NOW_MS = 1_800_000_000_000
WHERE = "plant/hall/press-1"


def born(**changed: object) -> Birth:
    texts = dict.fromkeys(("version", "hardware", "system", "python", "runtime"), "x")
    points = [{"name": "gate", "source": "rtsp", "bundle": "b", "model": "c" * 64}]
    whole = {"session": 1, "epoch": "00000000000000aa", "ack": "manager", "points": points, **texts, **changed}
    return Birth.model_validate(whole)


def fact(page, name: str):
    return next(one for one in page.facts if one.name == name)


def test_a_device_of_which_only_its_end_is_known_has_a_page() -> None:
    page = device_page(DeviceFile(WHERE, "plant/hall", "offline"), None, [], NOW_MS)
    assert page.presence == "offline"
    assert page.site_href == "/?site=plant%2Fhall"
    assert page.about == "has told no state yet"
    assert page.points == ()


@pytest.mark.parametrize(
    ("days", "tone", "words"), [(90, "", "left"), (20, "unknown", "left"), (-1, "defect", "ended on")]
)
def test_a_certificate_that_ends_is_told_in_time(days: int, tone: str, words: str) -> None:
    end = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc) + timedelta(days=days)
    file = DeviceFile(WHERE, "plant/hall", "online", born(certificate_end=end), NOW_MS)
    told = fact(device_page(file, None, [], NOW_MS), "certificate")
    assert told.tone == tone
    assert words in told.text


def test_a_point_without_a_state_is_shown_without_figures() -> None:
    page = device_page(DeviceFile(WHERE, "plant/hall", "online", born(), NOW_MS), None, [], NOW_MS)
    assert page.points[0].good == "–"


def test_an_old_state_says_how_old_it_is() -> None:
    state = State.model_validate(
        {
            "time": "2026-01-01T00:00:00Z", "clk": "ntp", "uptime_s": 10, "spool_depth": 7, "spool_age_s": 300,
            "disk_free_bytes": 2_000_000_000, "points": [],
        }
    )  # fmt: skip
    page = device_page(DeviceFile(WHERE, "plant/hall", "online", born(), 1, state, NOW_MS - 600_000), None, [], NOW_MS)
    assert page.about == "its state is 10 min old"
    assert page.tiles[0].figure == "7"
    assert page.tiles[0].about == "oldest 5 min"


def test_the_ledger_names_each_reason_and_what_is_not_proven() -> None:
    known = DeviceLedger(WHERE, 1200, {GapReason.SHED: 3}, 1, 0, proven=False)
    file = DeviceFile(WHERE, "plant/hall", "online", born(ack="broker"), 1)
    page = device_page(file, known, [], NOW_MS)
    told = {one.name: one.text for one in page.ledger_facts}
    assert told["stored"] == "1,200"
    assert told["shed"] == "3"
    assert "none" in told["proof"]
    assert not page.ledger.proven


@pytest.mark.parametrize(("status", "last"), [("online", "good"), ("unknown", ""), ("offline", "")])
def test_a_good_part_of_a_device_that_is_not_heard_does_not_stand_there_as_good(status: str, last: str) -> None:
    point = {"point": "gate", "last": "good", "good": 9, "defect": 0, "unknown": 0}
    state = State.model_validate(
        {
            "time": "2026-01-01T00:00:00Z", "clk": "ntp", "uptime_s": 10, "spool_depth": 0, "spool_age_s": 0,
            "disk_free_bytes": 2_000_000_000, "points": [point],
        }
    )  # fmt: skip
    page = device_page(DeviceFile(WHERE, "plant/hall", status, born(), 1, state, 1), None, [], NOW_MS)
    assert (page.points[0].last, page.tiles[0].tone) == (last, last)
