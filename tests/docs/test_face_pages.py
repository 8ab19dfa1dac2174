"""What the pages on Home Assistant, Sparkplug and the unified namespace say is what the faces do."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from edge_contracts.alarm import AlarmType
from fleet_manager.adapters.news import Said
from fleet_manager.adapters.settings import AdapterSettings
from fleet_manager.adapters.sparkplug.device_metrics import Picture, readings
from fleet_manager.adapters.sparkplug.payload import DataType
from fleet_manager.adapters.unified_namespace.face import UnifiedNamespaceFace
from tests.fakes.device_words import STATION, alarm, alert_event, birth, online, point, state

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGES = ("home-assistant", "sparkplug", "unified-namespace")
_TYPES = {DataType.INT64: "Int64", DataType.DOUBLE: "Double", DataType.BOOLEAN: "Boolean", DataType.STRING: "String"}


def _text(page):
    return (HOW_TO / f"{page}.md").read_text("utf-8")


def _blocks(page, kind=""):
    found = re.findall(r"^```(\w*)\n(.*?)^```", _text(page), re.DOTALL | re.MULTILINE)
    return [block for told, block in found if told == kind]


@pytest.mark.parametrize("page", PAGES)
def test_each_configuration_on_the_page_is_one_that_the_manager_takes(page):
    blocks = _blocks(page, "toml")
    assert blocks
    for block in blocks:
        settings = AdapterSettings.model_validate(tomllib.loads(block)["adapters"])
        assert settings != AdapterSettings(), block


def test_every_metric_and_its_type_is_on_the_page_and_no_other():
    told = {}
    for names, kind in re.findall(
        r"^\| ((?:`[A-Z][^|`]*/[^|`]*`(?:, )?)+) \| (\w+) \|", _text("sparkplug"), re.MULTILINE
    ):
        told |= dict.fromkeys(re.findall(r"`([^`]+)`", names), kind)
    said = readings(Picture(birth=birth("line-1")))
    kinds = "|".join(kind.value for kind in AlarmType)
    found = {
        re.sub(rf"^Alarms/({kinds})/", "Alarms/{type}/", name).replace("/line-1/", "/{point}/"): _TYPES[one.datatype]
        for name, one in said.items()
    }
    assert told == found


def test_the_namespaces_example_is_what_its_configuration_gives():
    configured, *_ = _blocks("unified-namespace", "toml")
    settings = AdapterSettings.model_validate(tomllib.loads(configured)["adapters"])
    face = UnifiedNamespaceFace(settings.unified_namespace)
    words = (online(), birth("surface"), alarm(), state(point("surface"), point("labels")), _alert("surface"))
    said = {one.topic: one.body for word in words for one in face.tell(Said(STATION, word), 1)}
    (example,) = _blocks("unified-namespace")[:1]
    assert set(example.split("\n")[:-1]) == set(said)
    (document,) = _blocks("unified-namespace", "json")
    verdict = said["Acme/hall/packing/line 9/station-1/inspection/station-1/labels/verdict"]
    assert json.loads(document).keys() == json.loads(verdict).keys()


def _alert(place):
    event = alert_event()
    return event.model_copy(update={"data": event.data.model_copy(update={"point": place})})
