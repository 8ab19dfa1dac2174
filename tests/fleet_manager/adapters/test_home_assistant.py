"""Home Assistant is told of each device in its own words, and reads everything else from the device."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edge_contracts.alarm import AlarmType
from edge_contracts.device import Birth
from edge_contracts.errors import BadInputError
from edge_contracts.topics import DeviceAddress, parse_topic
from edge_contracts.verdict import Outcome
from fleet_manager.adapters.home_assistant.document import Documents, object_id, standing
from fleet_manager.adapters.home_assistant.face import HomeAssistantFace
from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings
from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.store.device_reading import STALE_S
from tests.fakes.arrivals import alert_body
from tests.fakes.device_words import OTHER, STATION, alarm, birth, body, offline, online, point, state

SCHEMA = json.loads(Path(__file__).with_name("home_assistant_discovery.json").read_text("utf-8"))
SETTINGS = HomeAssistantSettings(configuration_url="https://fleet.example.org")
CONFIG = "homeassistant/device/lepton_plant_hall_station-1/config"
DISCOVERY_TOPIC = re.compile(r"(?P<component>\w+)/(?:(?P<node>[a-zA-Z0-9_-]+)/)?(?P<object>[a-zA-Z0-9_-]+)/config")
"""What Home Assistant takes for a discovery topic, below its prefix."""
SLUGS = st.from_regex(r"^[a-z0-9-]{1,32}\Z")


@pytest.fixture
def face():
    made = HomeAssistantFace(SETTINGS, "1.2.3")
    made.terms(0)
    return made


def _tell(face, word, device=STATION):
    return list(face.tell(Said(device, word), 0))


def _document(face, *points):
    (publication,) = _tell(face, birth(*points))
    return json.loads(publication.body)


def _valid(document):
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


def _rendered(template, payload):
    """As Home Assistant renders it: in a sandbox, with the payload and its JSON."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    return environment.from_string(template).render(value=payload.decode(), value_json=json.loads(payload))


def test_a_device_is_announced_once_and_retained(face):
    (publication,) = _tell(face, birth("line-1"))
    assert (publication.topic, publication.qos, publication.retain) == (CONFIG, 1, True)
    assert _tell(face, birth("line-1", session=2)) == []


@settings(max_examples=15)
@given(st.lists(SLUGS, max_size=3, unique=True), st.builds(DeviceAddress, SLUGS, SLUGS, SLUGS))
def test_every_document_is_one_that_home_assistant_documents(points, device):
    face = HomeAssistantFace(SETTINGS, "1.2.3")
    (publication,) = _tell(face, birth(*points), device)
    _valid(json.loads(publication.body))
    found = DISCOVERY_TOPIC.fullmatch(publication.topic.removeprefix("homeassistant/"))
    assert found is not None
    assert (found["component"], found["node"], found["object"]) == ("device", None, object_id(device))


@given(st.tuples(*[SLUGS] * 6))
def test_no_two_devices_share_an_entity(names):
    one, other = DeviceAddress(*names[:3]), DeviceAddress(*names[3:])
    assert (object_id(one) == object_id(other)) == (one == other)


def test_what_a_silent_device_said_of_its_parts_does_not_stay(face):
    found = _document(face, "line-1")["components"]
    assert found["heard"]["off_delay"] == found["point_line-1_last_verdict"]["expire_after"] == STALE_S
    of_state = [one for one in found.values() if one["state_topic"] == STATION.topic("state")]
    assert all("expire_after" in one or "off_delay" in one for one in of_state)


def test_the_schema_refuses_what_home_assistant_would_ignore(face):
    document = _document(face, "line-1")
    document["components"]["online"]["value_tempalte"] = "{{ value }}"
    with pytest.raises(jsonschema.ValidationError):
        _valid(document)


def test_entities_have_ids_of_their_own(face):
    components = _document(face, "a", "b")["components"]
    ids = [one["unique_id"] for one in components.values()]
    assert len(set(ids)) == len(ids)
    assert all(one.startswith("lepton_plant_hall_station-1_") for one in ids)


def test_every_topic_is_one_that_the_device_itself_speaks_under(face):
    for component in _document(face, "line-1")["components"].values():
        topics = {component[key] for key in component if key.endswith("_topic")}
        for sender, leaf in map(parse_topic, topics):
            assert sender == STATION
            assert STATION.topic(leaf) in topics


def test_each_entity_shows_what_the_device_said(face):
    components = _document(face, "line-1", "line-2")["components"]
    said = {
        STATION.topic("status"): body(online()),
        STATION.topic("state"): body(state(point("line-1"), point("line-2", 41, Outcome.DEFECT))),
        STATION.topic("alert"): alert_body(1, part="A-17"),
    } | {STATION.topic(f"alarm/{kind.value}"): body(alarm(kind)) for kind in AlarmType}
    shown = {
        key: _rendered(one["value_template"], said[one["state_topic"]])
        for key, one in components.items()
        if not key.startswith("alarm_")
    }
    event = json.loads(shown.pop("alert"))
    assert shown == {
        "online": "online",
        "heard": "ON",
        "temperature": "51.5",
        "spool_depth": "3",
        "disk_free": str(1 << 33),
        "point_line-1_last_verdict": "good",
        "point_line-1_good": "7",
        "point_line-1_defect": "1",
        "point_line-1_unknown": "2",
        "point_line-2_last_verdict": "defect",
        "point_line-2_good": "41",
        "point_line-2_defect": "1",
        "point_line-2_unknown": "2",
    }
    assert (event["event_type"], event["part"], event["severity"]) == ("defect", "A-17", "warning")
    assert event["event_type"] in components["alert"]["event_types"]


@pytest.mark.parametrize("active", [True, False])
def test_an_alarm_is_a_problem_while_it_lasts(face, active):
    component = _document(face, "line-1")["components"]["alarm_camera"]
    shown = _rendered(component["value_template"], body(alarm(active=active)))
    assert shown == ("ON" if active else "OFF")


def test_what_the_device_left_out_is_unknown_not_zero(face):
    components = _document(face, "line-1")["components"]
    silent = body(state(temperature_c=None))
    blank = body(state(point("line-1", last=None)))
    for key, said in [("temperature", silent), ("point_line-1_good", silent), ("point_line-1_last_verdict", blank)]:
        assert _rendered(components[key]["value_template"], said) == "None", key


@pytest.mark.parametrize(("word", "shown"), [(online(), "online"), (offline(), "offline")])
def test_entities_are_unavailable_while_the_device_is_away_and_online_says_so(face, word, shown):
    components = _document(face, "line-1")["components"]
    online_one = components.pop("online")
    assert "availability_topic" not in {**online_one, **components.pop("heard")}
    assert _rendered(online_one["value_template"], body(word)) in {online_one["payload_on"], online_one["payload_off"]}
    for component in components.values():
        assert component["availability_topic"] == STATION.topic("status")
        assert _rendered(component["availability_template"], body(word)) == shown
        assert {component["payload_available"], component["payload_not_available"]} == {"online", "offline"}


def test_every_device_is_announced_again_when_home_assistant_has_started(face):
    first = [*_tell(face, birth("line-1")), *_tell(face, birth("line-1"), OTHER)]
    assert list(face.heard("homeassistant/status", b"online", 0)) == first
    assert list(face.heard("homeassistant/status", b"offline", 0)) == []


def test_every_device_is_announced_again_on_a_new_connection(face):
    announced = _tell(face, birth("line-1"))
    face.terms(0)
    assert list(face.connected(0)) == announced


def test_a_device_that_is_gone_is_removed_also_over_a_lost_connection(face):
    _tell(face, birth("line-1"))
    (removal,) = face.tell(Gone(STATION), 0)
    assert (removal.topic, removal.body, removal.retain) == (CONFIG, b"", True)
    face.terms(0)
    assert list(face.connected(0)) == [removal]
    (back,) = _tell(face, birth("line-1"))
    assert list(face.connected(0)) == [back]


def test_a_point_that_is_gone_takes_its_entities_along(face):
    (before,) = _tell(face, birth("line-1", "line-2"))
    assert list(face.heard(CONFIG, before.body, 0)) == []
    (during,) = _tell(face, birth("line-1"))
    components = _valid(json.loads(during.body))["components"]
    assert components["point_line-2_good"] == {"platform": "sensor"}
    assert components["point_line-1_good"].keys() > {"platform"}
    (after,) = face.heard(CONFIG, during.body, 0)
    assert "point_line-2_good" not in json.loads(after.body)["components"]
    assert list(face.heard(CONFIG, after.body, 0)) == []


def test_a_document_of_an_earlier_manager_is_corrected_whichever_comes_first(face):
    (old,) = _tell(HomeAssistantFace(SETTINGS, "1.2.3"), birth("line-1", "line-2"))
    _tell(face, birth("line-1"))
    (corrected,) = face.heard(CONFIG, old.body, 0)
    assert json.loads(corrected.body)["components"]["point_line-2_good"] == {"platform": "sensor"}


@pytest.mark.parametrize("strange", [b"", b"{}", b"\xff", b"[" * 99999, b'{"origin": {"name": "zigbee2mqtt"}}', b"7"])
def test_documents_of_others_are_left_alone(face, strange):
    _tell(face, birth("line-1"))
    assert list(face.heard("homeassistant/device/someone/config", strange, 0)) == []
    assert list(face.heard(CONFIG, strange, 0)) == []


def test_a_broker_that_delivers_what_nobody_asked_for_changes_nothing(face, caplog):
    _tell(face, birth("line-1"))
    assert list(face.heard(STATION.topic("status"), body(online()), 0)) == []
    assert caplog.text == ""


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(max_size=9), lambda x: st.lists(x, max_size=3)))
def test_no_document_breaks_the_reader(found):
    said = found if isinstance(found, bytes) else json.dumps({"origin": {"name": found}, "components": found}).encode()
    with suppress(BadInputError):
        assert standing(said) is None


def test_nothing_is_copied_states_alarms_and_outages_are_read_from_the_devices_topics(face):
    _tell(face, birth("line-1"))
    for word in (online(), offline(), state(), alarm()):
        assert _tell(face, word) == []
    assert list(face.tell(Unheard(), 0)) == []
    assert list(face.farewell(0)) == []


def test_the_prefix_and_the_status_topic_are_the_sites_own():
    settings = HomeAssistantSettings(discovery_prefix="ha/found", status_topic="ha/state")
    face = HomeAssistantFace(settings, "1")
    assert face.terms(0).filters == ("ha/state", "ha/found/device/+/config")
    assert Documents(settings, "1").topic(STATION) == "ha/found/device/lepton_plant_hall_station-1/config"
    _tell(face, birth())
    assert len(list(face.heard("ha/state", b"online", 0))) == 1


def test_a_birth_of_the_largest_station_fits_a_brokers_default_limit(face):
    names = [f"{'p' * 29}-{number:02}" for number in range(16)]
    (publication,) = _tell(face, Birth.model_validate(birth(*names)))
    assert len(publication.body) < 65_536
