"""Every topic of the faces stands in the reference, with its quality of service, and nothing else does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from edge_contracts.alarm import AlarmType
from fleet_manager.adapters.face_topics import TOPICS
from fleet_manager.adapters.home_assistant.face import HomeAssistantFace
from fleet_manager.adapters.home_assistant.settings import HomeAssistantSettings
from fleet_manager.adapters.news import Gone, Said, Unheard
from fleet_manager.adapters.sparkplug.edge_node import EdgeNode
from fleet_manager.adapters.sparkplug.settings import SparkplugSettings
from fleet_manager.adapters.unified_namespace.face import UnifiedNamespaceFace
from fleet_manager.adapters.unified_namespace.settings import UnifiedNamespaceSettings
from tests.fakes.device_words import OTHER, STATION, alarm, alert_event, birth, offline, online, point, state
from tests.fakes.sparkplug_line import CODEC, NOW_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

SITE = {
    "{prefix}": "homeassistant",
    "{group}": "hall",
    "{edge node}": "plant",
    "{primary host}": "scada",
    "{pattern}": "plant/hall/unassigned/unassigned/station-1",
    "{status topic}": "lepton-mirror/status",
    "{org}": "plant",
    "{site}": "hall",
    "{device}": "station-1",
    "{point}": "line-1",
}
WORDS = (
    *(online(), birth("line-1"), state(point()), alert_event(), birth(), birth("line-1")),
    *(alarm(kind) for kind in AlarmType),
    offline(),
)
FACES = {
    "Home Assistant": lambda: HomeAssistantFace(HomeAssistantSettings(), "1"),
    "Sparkplug B": lambda: EdgeNode(SparkplugSettings(org="plant", site="hall"), CODEC, "1"),
    "unified namespace": lambda: UnifiedNamespaceFace(UnifiedNamespaceSettings()),
}


def _matches(row, topic):
    pattern = row.topic
    for name, value in SITE.items():
        pattern = pattern.replace(name, value)
    return re.fullmatch(re.escape(pattern).replace(re.escape("{type}"), "[a-z]+"), topic) is not None


def _a_life(face):
    terms = face.terms(NOW_MS)
    said = [] if terms.will is None else [terms.will]
    said += face.connected(NOW_MS)
    for news in (*(Said(STATION, word) for word in WORDS), Said(OTHER, state()), Unheard(), Gone(STATION)):
        found: Iterable = face.tell(news, NOW_MS)
        said += [one for one in found if "station-2" not in one.topic]
    return [*said, *face.farewell(NOW_MS)]


@pytest.mark.parametrize("name", FACES)
def test_every_message_of_a_face_is_documented_as_it_is_and_every_row_is_said(name):
    rows = [row for row in TOPICS if row.face == name and row.said_by == "manager"]
    used = set()
    for one in _a_life(FACES[name]()):
        (row,) = [row for row in rows if _matches(row, one.topic)]
        used.add(row)
        assert one.qos == row.qos or one.body == b"", one.topic
        assert one.retain == row.retained, one.topic
    assert used == set(rows)


@pytest.mark.parametrize("name", FACES)
def test_every_topic_that_a_face_listens_to_is_documented(name):
    rows = [row for row in TOPICS if row.face == name]
    face = FACES[name]()
    if name == "Sparkplug B":
        hosted = SparkplugSettings(org="plant", site="hall", primary_host="scada")
        face = EdgeNode(hosted, CODEC, "1")
    heard = [one.replace("+", "lepton_plant_hall_station-1") for one in face.terms(NOW_MS).filters]
    assert all(any(_matches(row, topic) for row in rows) for topic in heard)
    others = [row for row in rows if row.said_by != "manager"]
    assert all(any(_matches(row, topic) for topic in heard) for row in others)
