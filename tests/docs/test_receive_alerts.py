"""What the page on receiving alerts says to other programs: settings, the flow for Node-RED, the acknowledgement."""

from __future__ import annotations

import json
import shlex
import sys

import pytest

from edge_contracts.ack import Ack
from edge_contracts.station import Uplink
from tests.fakes.how_to import FOLDER, blocks, section

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN = section("receive-alerts", "With any MQTT client")
FLOW = json.loads((FOLDER / "node-red-alerts.json").read_text("utf-8"))
BY_ID = {node["id"]: node for node in FLOW}


def words():
    return shlex.split(blocks(PLAIN, "sh")[0])


def test_the_stations_settings_are_those_of_the_daemon():
    settings = Uplink.model_validate(tomllib.loads(blocks(PLAIN, "toml")[0])["uplink"])
    assert settings.ack == "broker"


def test_the_acknowledgement_is_one_that_a_station_understands():
    assert Ack.model_validate_json(blocks(PLAIN, "json")[0]).seq == 1287


def test_the_flow_listens_to_what_the_command_listens_to_and_as_safely():
    command = words()
    topics = [command[at + 1] for at, word in enumerate(command) if word == "-t"]
    listeners = [node for node in FLOW if node["type"] == "mqtt in"]
    assert sorted(node["topic"] for node in listeners) == sorted(topics)
    assert {node["qos"] for node in listeners} == {command[command.index("-q") + 1]}
    (broker,) = (node for node in FLOW if node["type"] == "mqtt-broker")
    assert {node["broker"] for node in listeners} == {broker["id"]}
    assert broker["sessionExpiry"] == command[command.index("-x") + 1]
    assert (broker["cleansession"], broker["protocolVersion"], broker["broker"]) == (False, "5", "broker.local")
    assert broker["clientid"], "a kept session has a name"


@pytest.mark.parametrize("node", [node for node in FLOW if "wires" in node], ids=lambda node: node["id"])
def test_each_wire_of_the_flow_leads_to_a_node_of_it(node):
    assert all(BY_ID[target]["z"] == node["z"] for output in node["wires"] for target in output)


def test_both_listeners_of_the_flow_go_through_what_lets_each_alert_pass_once():
    (once,) = (node for node in FLOW if node["type"] == "function")
    assert "msg.payload.id" in once["func"]
    assert all(node["wires"] == [[once["id"]]] for node in FLOW if node["type"] == "mqtt in")
