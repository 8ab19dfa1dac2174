"""A site runs the faces that it asks for, each under a name of its own, and no others."""

from __future__ import annotations

import sys
import threading

import pytest
from pydantic import ValidationError

from edge_contracts.errors import BadInputError, MissingExtraError
from edge_contracts.explain import explain
from fleet_manager.adapters.connection import Surroundings
from fleet_manager.adapters.faces import Faces
from fleet_manager.adapters.settings import AdapterSettings
from tests.fakes.broker_links import OPTIONS, FakeBroker
from tests.fakes.device_words import STATION, birth, body
from tests.fakes.patience import eventually

NODE = {"org": "plant", "site": "hall"}
ALL = {"home_assistant": {}, "sparkplug": [NODE, {"org": "plant", "site": "yard"}], "unified_namespace": {}}


@pytest.fixture
def broker():
    return FakeBroker()


@pytest.fixture
def begin(broker):
    begun = []

    def start(settings):
        around = Surroundings(draw=lambda: 0.0, make_link=broker.link)
        begun.append(Faces(AdapterSettings.model_validate(settings), OPTIONS, "1.2.3", around))
        begun[-1].start()
        return begun[-1]

    yield start
    for one in begun:
        one.stop()


def test_each_face_and_the_ear_have_a_connection_of_their_own(broker, begin):
    faces = begin(ALL)
    eventually(lambda: len(broker.connections) == 5)
    names = {link.options.client_id for link in broker.connections}
    assert names == {
        "lepton-test-home-assistant",
        "lepton-test-sparkplug-hall-plant",
        "lepton-test-sparkplug-yard-plant",
        "lepton-test-unified-namespace",
        "lepton-test-faces",
    }
    eventually(lambda: all(one.is_connected for one in faces.health().faces) and faces.health().is_hearing)


def test_a_site_without_faces_runs_nothing(broker, begin):
    before = threading.active_count()
    begin({})
    assert threading.active_count() == before
    assert broker.connections == []


def test_faces_that_were_never_started_can_be_stopped(broker):
    Faces(AdapterSettings.model_validate(ALL), OPTIONS, "1.2.3", Surroundings(make_link=broker.link)).stop()
    assert broker.connections == []


def test_stopping_ends_every_thread_and_says_farewell(broker, begin):
    before = threading.active_count()
    faces = begin(ALL)
    eventually(lambda: all(one.is_connected for one in faces.health().faces) and faces.health().is_hearing)
    faces.stop()
    assert threading.active_count() == before
    assert {link.ended for link in broker.connections} == {"closed"}
    assert not faces.health().is_hearing


def test_a_device_that_a_person_removes_is_forgotten_by_every_face(broker, begin):
    faces = begin({"home_assistant": {}})
    eventually(lambda: len(broker.connections) == 2)
    links = {link.options.client_id: link for link in broker.connections}
    links["lepton-test-faces"].deliver(STATION.topic("birth"), body(birth("line-1")))
    home = links["lepton-test-home-assistant"]
    eventually(lambda: home.published)
    faces.forget(STATION)
    eventually(lambda: home.published[-1][1] == b"")
    assert faces.health().faces[0].published == 2


def test_a_face_may_have_a_broker_of_its_own(broker, begin, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("open sesame\n")
    own = {"host": "scada.local", "port": 8883, "username": "lepton", "password_file": str(secret)}
    begin({"sparkplug": [{**NODE, "broker": own}]})
    eventually(lambda: len(broker.connections) == 2)
    (options,) = [link.options for link in broker.connections if "faces" not in link.options.client_id]
    assert (options.where, options.username, options.password) == ("scada.local:8883", "lepton", "open sesame")


def test_a_password_file_that_cannot_be_read_is_refused_at_the_start(begin, tmp_path):
    own = {"host": "scada.local", "password_file": str(tmp_path / "nowhere")}
    with pytest.raises(BadInputError, match="correct password_file"):
        begin({"unified_namespace": {"broker": own}})


def test_without_protobuf_sparkplug_names_the_extra_and_the_other_faces_run(begin, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    with pytest.raises(MissingExtraError, match=r"lepton-edge\[fleet\]"):
        begin({"sparkplug": [NODE]})
    begin({"home_assistant": {}, "unified_namespace": {}})


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"home_asistant": {}}, "did you mean 'home_assistant'"),
        ({"home_assistant": {"discovery_prefix": "a/#"}}, "discovery_prefix"),
        ({"home_assistant": {"configuration_url": "fleet"}}, "configuration_url"),
        ({"sparkplug": [{"org": "plant"}]}, "site: missing"),
        ({"sparkplug": [{**NODE, "group_id": "a/b"}]}, "group_id"),
        ({"sparkplug": [NODE, NODE]}, "hall/plant twice"),
        ({"unified_namespace": {"places": [{"device": "station-1"}]}}, "device"),
    ],
)
def test_a_mistake_in_the_settings_is_refused_in_words(settings, complaint):
    with pytest.raises(ValidationError) as refused:
        AdapterSettings.model_validate(settings)
    assert complaint in "\n".join(explain(refused.value, AdapterSettings))
