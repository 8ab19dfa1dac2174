"""The mirror shows each device at its place in the enterprise: the last word on each subject, and no more."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_contracts.explain import explain
from edge_contracts.verdict import Outcome
from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.adapters.unified_namespace.face import UnifiedNamespaceFace
from fleet_manager.adapters.unified_namespace.settings import PlaceSettings, UnifiedNamespaceSettings
from tests.fakes.device_words import ABROAD, OTHER, STATION, alarm, alert_event, birth, offline, online, point, state

PLACES = (
    PlaceSettings(device="plant/hall/station-1", enterprise="Acme", area="moulding", line="line 4", cell="press"),
    PlaceSettings(device="plant/hall/station-1", point="labels", enterprise="Acme", area="packing", line="line 9"),
)
SETTINGS = UnifiedNamespaceSettings(places=PLACES)
PRESS = "Acme/hall/moulding/line 4/press/inspection/station-1"
PACKING = "Acme/hall/packing/line 9/station-1/inspection/station-1"
NOW_MS = 1_700_000_000_000


@pytest.fixture
def face():
    made = UnifiedNamespaceFace(SETTINGS)
    made.terms(NOW_MS)
    return made


def _tell(face, word, device=STATION, now_ms=NOW_MS):
    return list(face.tell(Said(device, word), now_ms))


def _documents(publications):
    return {one.topic: json.loads(one.body) for one in publications}


def test_a_state_becomes_the_devices_health_and_a_verdict_per_point(face):
    said = _tell(face, state(point("line-1"), point("labels", 3, Outcome.DEFECT)))
    documents = _documents(said)
    assert documents.keys() == {f"{PRESS}/state", f"{PRESS}/line-1/verdict", f"{PACKING}/labels/verdict"}
    assert documents[f"{PACKING}/labels/verdict"] == {
        "timestamp": NOW_MS,
        "source": "lepton/1/plant/hall/station-1",
        "last": "defect",
        "good": 3,
        "defect": 1,
        "unknown": 2,
        "p95_ms": 8.25,
    }
    assert documents[f"{PRESS}/state"]["spool_depth"] == 3
    assert "points" not in documents[f"{PRESS}/state"]


def test_status_alarm_alert_and_inventory_each_have_a_document(face):
    documents = _documents(
        one for word in (online(), alarm(), alert_event(1, part="A-17"), birth("line-1")) for one in _tell(face, word)
    )
    assert documents[f"{PRESS}/status"]["status"] == "online"
    assert documents[f"{PRESS}/alarm/camera"]["active"] is True
    assert documents[f"{PRESS}/line-1/alert"]["part"] == "A-17"
    assert documents[f"{PRESS}/inventory"]["points"][0]["name"] == "line-1"


def test_every_document_is_retained_json_that_says_when_and_who(face):
    words = (online(), state(point()), alarm(), alert_event(), birth("line-1"))
    said = [one for word in words for one in _tell(face, word)]
    for one in said:
        assert one.retain
        assert json.loads(one.body).items() >= {"timestamp": NOW_MS, "source": STATION.source}.items()


def test_what_has_not_changed_is_not_said_again(face):
    _tell(face, state(point()))
    assert _tell(face, state(point()), now_ms=NOW_MS + 1) == []
    assert [one.topic for one in _tell(face, state(point(good=8)))] == [f"{PRESS}/line-1/verdict"]


def test_a_device_without_a_place_is_shown_as_unassigned(face):
    (said,) = _tell(face, online(), OTHER)
    assert said.topic == "plant/hall/unassigned/unassigned/station-2/inspection/station-2/status"


def test_a_new_connection_begins_with_everything_and_ends_with_a_word(face):
    said = {one.topic: one for word in (online(), state(point())) for one in _tell(face, word)}
    terms = face.terms(NOW_MS)
    first, *rest = face.connected(NOW_MS)
    (last,) = face.farewell(NOW_MS)
    assert {one.topic: one for one in rest} == said
    assert (first.topic, json.loads(first.body)["status"]) == ("lepton-mirror/status", "online")
    assert json.loads(last.body)["status"] == json.loads(terms.will.body)["status"] == "offline"
    assert terms.will.retain
    assert first.retain
    assert last.retain


def test_a_device_that_is_gone_leaves_nothing_also_over_a_lost_connection(face):
    topics = {one.topic for word in (online(), alarm(), state(point())) for one in _tell(face, word)}
    removed = list(face.tell(Gone(STATION), NOW_MS))
    assert {one.topic for one in removed} == topics
    assert all(one.body == b"" and one.retain for one in removed)
    face.terms(NOW_MS)
    assert {one.topic for one in face.connected(NOW_MS)} == topics | {"lepton-mirror/status"}
    _tell(face, online())
    (back,) = [one for one in face.connected(NOW_MS) if one.topic == f"{PRESS}/status"]
    assert json.loads(back.body)["status"] == "online"


def test_a_point_that_is_gone_takes_its_documents_along(face):
    _tell(face, birth("line-1", "labels"))
    _tell(face, state(point("line-1"), point("labels")))
    said = _tell(face, birth("line-1"))
    assert [one.topic for one in said if one.body == b""] == [f"{PACKING}/labels/verdict"]
    assert f"{PRESS}/line-1/verdict" in {one.topic for one in face.connected(NOW_MS) if one.body}


def test_devices_that_nobody_hears_are_called_so_until_they_speak(face):
    _tell(face, online())
    _tell(face, offline(), OTHER)
    said = _documents(face.tell(Unheard(), NOW_MS))
    assert [one["status"] for one in said.values()] == ["unheard", "unheard"]
    assert _documents(_tell(face, online()))[f"{PRESS}/status"]["status"] == "online"


def test_a_device_that_is_silent_is_called_unheard_alone(face):
    _tell(face, online())
    _tell(face, online(), OTHER)
    assert [*_documents(face.tell(Unheard(STATION), NOW_MS))] == [f"{PRESS}/status"]


def test_two_sites_devices_of_one_name_stand_apart(face):
    assert _tell(face, online())[0].topic != _tell(face, online(), ABROAD)[0].topic


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("{enterprise}/{site}/{shelf}", "'shelf'"),
        ("{enterprise}/#/{site}", "without wildcards"),
        ("{enterprise}//{site}", "without wildcards"),
        ("{site", "placeholders in braces"),
        ("{site!r}", "plain placeholders"),
        ("{site:>9}", "plain placeholders"),
        ("{enterprise}/{area}", "fall together"),
        ("lepton/1/{site}", "where the devices speak"),
        ("$SYS/{site}", "without wildcards"),
    ],
)
def test_a_pattern_that_cannot_be_a_topic_is_refused_in_words(pattern, complaint):
    with pytest.raises(ValidationError) as refused:
        UnifiedNamespaceSettings(pattern=pattern)
    assert complaint in explain(refused.value, UnifiedNamespaceSettings)[0]


def test_one_device_has_one_place():
    with pytest.raises(ValidationError, match="one place per device"):
        UnifiedNamespaceSettings(places=(PLACES[0], PLACES[0]))


@given(st.text(max_size=12), st.text(max_size=12))
def test_whatever_is_configured_no_topic_has_a_wildcard_or_an_empty_level(area, line):
    try:
        place = PlaceSettings(device="plant/hall/station-1", area=area, line=line)
    except ValidationError:
        return
    face = UnifiedNamespaceFace(UnifiedNamespaceSettings(places=(place,)))
    (said,) = _tell(face, online())
    levels = said.topic.split("/")
    assert len(levels) == 8
    assert all(levels)
    assert not set(said.topic) & set("+#\0")
