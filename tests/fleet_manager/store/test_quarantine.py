from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_contracts.errors import BadInputError
from fleet_manager.arrival import judge
from fleet_manager.store import refusals
from fleet_manager.store.alert_store import AlertStore
from fleet_manager.store.quarantine import Mark, quarantine, refused_count
from fleet_manager.store.refusals import OTHERS

if TYPE_CHECKING:
    from sqlalchemy import Engine

HALL, SHOP = "plant/hall", "plant/shop"


def refuse(engine: Engine, topic: str, body: bytes, at_ms: int) -> None:
    assert AlertStore(engine, lambda: at_ms).take([judge(topic, body)]).refused


@pytest.fixture
def refusing(fleet_engine: Engine) -> Engine:
    for at in range(3):
        refuse(fleet_engine, f"lepton/1/{HALL}/line-1/alert", b"not json %d" % at, 1_000 + at)
    refuse(fleet_engine, f"lepton/1/{HALL}/line-1/alert", b"not json 2", 2_000)
    refuse(fleet_engine, f"lepton/1/{SHOP}/line-9/gap", b"{}", 1_500)
    refuse(fleet_engine, "lepton/1/A B/c/d/alert", b"\xff\x00", 1_600)
    return fleet_engine


def test_who_why_when_and_how_often_is_told_newest_first(refusing: Engine) -> None:
    with refusing.connect() as con:
        found = quarantine(con, None).messages
    assert [(one.address, one.first_ms, one.times) for one in found] == [
        ("", 1_600, 1),
        (f"{SHOP}/line-9", 1_500, 1),
        (f"{HALL}/line-1", 1_002, 2),
        (f"{HALL}/line-1", 1_001, 1),
        (f"{HALL}/line-1", 1_000, 1),
    ]
    assert found[0].why == "the topic names no device"
    assert found[0].body == b"\xff\x00"
    assert "Invalid JSON" in found[2].why


@pytest.mark.parametrize(
    ("sites", "count"), [(None, 5), ((HALL,), 3), ((SHOP, HALL), 4), ((), 0), (("plant/hal_",), 0)]
)
def test_who_sees_some_sites_sees_their_messages_alone(
    refusing: Engine, sites: tuple[str, ...] | None, count: int
) -> None:
    with refusing.connect() as con:
        assert len(quarantine(con, sites).messages) == count == refused_count(con, sites)


def test_pages_follow_each_other_without_a_hole_also_at_one_moment(fleet_engine: Engine) -> None:
    for at in range(7):
        refuse(fleet_engine, f"lepton/1/{HALL}/line-{at % 3}/alert", b"same body %d" % (at // 2), 1_000 + at // 5)
    seen, before = [], None
    with fleet_engine.connect() as con:
        while True:
            page = quarantine(con, None, before, 2)
            seen += [one.mark for one in page.messages]
            if page.older is None:
                break
            before = Mark.from_text(str(page.older))
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("text", ["", "x", "1", "1.", "x.y.z", "-1.a.b", "99999999999999999.a.b"])
def test_what_is_no_end_of_a_page_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="the end of a page"):
        Mark.from_text(text)


def test_a_station_that_sends_junk_fills_its_room_and_is_counted_from_there_on(
    fleet_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refusals, "MOST_KEPT", 3)
    for _ in range(2):
        for at in range(10):
            refuse(fleet_engine, f"lepton/1/{HALL}/line-1/state", b"junk %d" % at, 1_000 + at)
    refuse(fleet_engine, f"lepton/1/{HALL}/line-2/state", b"junk", 2_000)
    with fleet_engine.connect() as con:
        found = quarantine(con, None).messages
    kept = {one.topic: one for one in found if one.event_id == OTHERS}
    assert len(found) == 3 + 1 + 1
    assert (kept[f"lepton/1/{HALL}/line-1/#"].times, kept[f"lepton/1/{HALL}/line-1/#"].body) == (14, b"")
    assert sum(one.times for one in found) == 21
    assert len([line for line in caplog.messages if "keeps no more" in line]) == 1


def test_large_junk_fills_the_room_sooner(fleet_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_BYTES", 100_000)
    for at in range(5):
        refuse(fleet_engine, f"nobody/{at}", b"%d" % at * 60_000, 1_000 + at)
    with fleet_engine.connect() as con:
        found = quarantine(con, None).messages
    assert sum(len(one.body) for one in found) <= 100_000
    assert (len(found), sum(one.times for one in found)) == (2, 5)
